using System.Management.Automation;
using System.Reflection;
using System.Text;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Module;

/// <summary>
/// Writes down all that users and their scripts can hold on to, so that a change of it shows in review.
/// </summary>
internal sealed class CommandSurface(ModuleHost host)
{
    private static readonly HashSet<string> Common = [.. Cmdlet.CommonParameters];

    private readonly StringBuilder _text = new();

    public string Write()
    {
        var commands = host.Run("Get-Command -Module EtlPs").WithoutErrors().OutputOf<CmdletInfo>();
        foreach (var command in commands.OrderBy(c => c.Name, StringComparer.Ordinal)) Write(command);
        foreach (var type in Module().GetExportedTypes()
            .Where(t => t.Namespace is "EtlPs.Model" or "EtlPs.Jobs").OrderBy(t => t.FullName, StringComparer.Ordinal))
            Write(type);
        WriteErrorIds();
        return _text.ToString();
    }

    private Assembly Module() =>
        host.Run("(Get-Command New-EtlSource).ImplementingType.Assembly").WithoutErrors().OutputOf<Assembly>().Single();

    private void Write(CmdletInfo command)
    {
        var attribute = command.ImplementingType.GetCustomAttribute<CmdletAttribute>()!;
        Line(command.Name);
        Line($"    returns {string.Join(", ", command.OutputType.Select(t => t.Name).Order(StringComparer.Ordinal))}");
        if (attribute.SupportsShouldProcess) Line($"    asks, impact {attribute.ConfirmImpact}");
        foreach (var parameter in command.Parameters.Values
            .Where(p => !Common.Contains(p.Name)).OrderBy(p => p.Name, StringComparer.Ordinal))
            Write(parameter, command.DefaultParameterSet);
        Line("");
    }

    private void Write(ParameterMetadata parameter, string defaultSet)
    {
        Line($"    -{parameter.Name} {NameOf(parameter.ParameterType)}"
            + (parameter.Aliases.Count == 0 ? ""
                : $" ({string.Join(", ", parameter.Aliases.Order(StringComparer.Ordinal))})")
            + (parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any() ? " wildcards" : "")
            + string.Concat(parameter.Attributes.OfType<ValidateSetAttribute>()
                .Select(v => $" {string.Join('|', v.ValidValues)}"))
            + string.Concat(parameter.Attributes.OfType<ValidateRangeAttribute>()
                .Select(v => $" {v.MinRange}..{v.MaxRange}"))
            + (parameter.ParameterType.IsEnum ? $" {string.Join('|', Enum.GetNames(parameter.ParameterType))}" : ""));
        foreach (var (name, set) in parameter.ParameterSets.OrderBy(s => s.Key, StringComparer.Ordinal))
            Line($"        {(name == ParameterAttribute.AllParameterSets ? "every set" : name)}"
                + (name == defaultSet ? " (default)" : "")
                + (set.IsMandatory ? " mandatory" : "")
                + (set.Position >= 0 ? $" position {set.Position}" : "")
                + (set.ValueFromPipeline ? " pipeline" : "")
                + (set.ValueFromPipelineByPropertyName ? " property" : ""));
    }

    private void Write(Type type)
    {
        Line(type.FullName!);
        const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        foreach (var property in type.GetProperties(own).OrderBy(p => p.Name, StringComparer.Ordinal))
            Line($"    {property.Name} {NameOf(property.PropertyType)}");
        Line("");
    }

    private void WriteErrorIds()
    {
        Line("Error ids");
        foreach (var (id, category) in ErrorIds(Module())) Line($"    EtlPs.{id} {category}");
    }

    /// <summary>All that an error record of the module can have as its id, without <c>EtlPs.</c>.</summary>
    public static IEnumerable<(string Id, string Category)> ErrorIds(Assembly module)
    {
        var errors = module.GetType("EtlPs.Errors.EtlErrors", throwOnError: true)!;
        const BindingFlags all = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var category = errors.GetMethod("Category", all)!;
        var codes = category.DeclaringType!.Assembly.GetType("EtlPs.Errors.ErrorCategories")!.GetMethod("Of")!
            .GetParameters()[0].ParameterType;
        var own = errors.GetFields(all).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
        return Enum.GetNames(codes).Concat(own).Order(StringComparer.Ordinal)
            .Select(id => (id, category.Invoke(null, [id])!.ToString()!));
    }

    private static string NameOf(Type type) =>
        Nullable.GetUnderlyingType(type) is { } value ? value.Name + "?" : type.Name;

    private void Line(string text) => _text.Append(text).Append('\n');
}
