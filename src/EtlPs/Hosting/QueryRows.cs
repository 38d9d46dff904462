using System.Globalization;
using System.Management.Automation;
using System.Runtime.Loader;

namespace EtlPs.Hosting;

/// <summary>Makes objects of a query's rows. A column whose name came before gets a number behind it.</summary>
internal sealed class QueryRows(IReadOnlyList<string> columns)
{
    private readonly string[] _names = Distinct(columns);

    public PSObject ToObject(object?[] row)
    {
        var result = new PSObject();
        for (var column = 0; column < _names.Length; column++)
            result.Properties.Add(new PSNoteProperty(_names[column], Exposed(row[column])));
        return result;
    }

    private static string[] Distinct(IReadOnlyList<string> columns)
    {
        // PowerShell ignores the case of property names, and a property must have a name.
        var taken = new HashSet<string>(columns, StringComparer.OrdinalIgnoreCase);
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var names = new string[columns.Count];
        for (var column = 0; column < names.Length; column++)
        {
            var wanted = columns[column].Length == 0 ? "column" : columns[column];
            var name = wanted;
            for (var number = 2; !seen.Add(name); number++)
                if (!taken.Contains($"{wanted}_{number}"))
                    name = $"{wanted}_{number}";
            names[column] = name;
        }
        return names;
    }

    /// <summary>A driver's own types stay inside; their text is what a user can work with.</summary>
    private static object? Exposed(object? value) =>
        value is null or DBNull ? null
        : AssemblyLoadContext.GetLoadContext(value.GetType().Assembly) is EngineLoadContext
            ? Convert.ToString(value, CultureInfo.InvariantCulture)
            : value;
}
