namespace EtlPs.Engine.Pipelines.Errors;

/// <summary>
/// What the engine throws where the user can do something: a stable code, what happened, and the remedy. Neither text
/// ever holds a password or a row's values.
/// </summary>
public sealed class EtlException : Exception
{
    /// <summary>Makes an error.</summary>
    public EtlException(EtlErrorCode code, string message, string remedy, Exception? inner = null)
        : base(message, inner)
    {
        Code = code;
        Remedy = remedy;
    }

    /// <summary>The stable code; the module's error id is <c>EtlPs.</c> and this name.</summary>
    public EtlErrorCode Code { get; }

    /// <summary>What to do about it: one or two sentences.</summary>
    public string Remedy { get; }

    /// <summary>
    /// The statements that mend it at the source, where SQL does; placeholders are written as <c>…</c>.
    /// </summary>
    public string? Sql { get; init; }

    /// <summary>What the error is about (a table, a slot, a file), where that is one thing.</summary>
    public string? Subject { get; init; }

    /// <summary>The table's column, where it is about one.</summary>
    public string? Column { get; init; }

    /// <summary>Whether a table that meets it is set aside even by a run that is to end with a table's error.</summary>
    internal bool SetsTableAside { get; init; }

    /// <summary>The row's key in words, <c>id=42</c>, where it is about one row.</summary>
    public string? Key { get; init; }
}
