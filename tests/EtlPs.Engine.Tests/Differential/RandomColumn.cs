namespace EtlPs.Engine.Tests.Differential;

/// <summary>A column of a table made at random.</summary>
/// <param name="Name">Quoted.</param>
/// <param name="Kind">Its type and values.</param>
/// <param name="IsRequired">Whether it is NOT NULL.</param>
internal sealed record RandomColumn(string Name, ColumnKind Kind, bool IsRequired)
{
    public string Definition => $"{Name} {Kind.Type}{(IsRequired ? " NOT NULL" : "")}";
}
