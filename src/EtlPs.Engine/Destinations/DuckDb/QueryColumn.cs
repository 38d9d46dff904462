using System.Collections;
using System.Reflection;
using DuckDB.NET.Data;
using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Destinations.DuckDb;

/// <summary>
/// One column of a query's result as .NET values. Read through DuckDB.NET's own types, because its .NET types throw for
/// infinity, for 24:00:00, for long decimals and for a NULL in a list.
/// </summary>
internal sealed class QueryColumn
{
    private static readonly MethodInfo GetFieldValue =
        typeof(DuckDBDataReader).GetMethod(nameof(DuckDBDataReader.GetFieldValue))!;

    private readonly DuckDBDataReader reader;
    private readonly int ordinal;
    private readonly QueryType type;
    private readonly Func<int, object>? readList;

    /// <summary>Makes the reader of one column.</summary>
    public QueryColumn(DuckDBDataReader reader, int ordinal, QueryType type)
    {
        this.reader = reader;
        this.ordinal = ordinal;
        this.type = type;
        Name = reader.GetName(ordinal);
        try
        {
            var clrType = reader.GetProviderSpecificFieldType(ordinal);
            if (IsList(clrType))
                readList = GetFieldValue.MakeGenericMethod(WithNulls(clrType)).CreateDelegate<Func<int, object>>(
                    reader);
        }
        catch (ArgumentException)
        {
            throw Unreadable();
        }
    }

    /// <summary>The column's name.</summary>
    public string Name { get; }

    /// <summary>The current row's value; null for SQL NULL.</summary>
    public object? Read()
    {
        if (reader.IsDBNull(ordinal))
            return null;
        try
        {
            return QueryValue.ToClr(readList is null ? reader.GetProviderSpecificValue(ordinal) : readList(ordinal),
                type);
        }
        catch (Exception e)
            when (e is ArgumentException or InvalidCastException or InvalidOperationException or OverflowException)
        {
            throw Unreadable();
        }
    }

    private static bool IsList(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>);

    private static Type WithNulls(Type list)
    {
        var item = list.GetGenericArguments()[0];
        return typeof(List<>).MakeGenericType(
            IsList(item) ? WithNulls(item) : item.IsValueType ? typeof(Nullable<>).MakeGenericType(item) : item);
    }

    private EtlException Unreadable() =>
        new(EtlErrorCode.QueryFailed, $"The column '{Name}' holds a value that has no .NET type.",
            "Cast it in the query, for instance to VARCHAR.");
}
