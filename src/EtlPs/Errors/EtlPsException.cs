namespace EtlPs.Errors;

/// <summary>What went wrong and what to do about it. Holds no password and no row's values.</summary>
public sealed class EtlPsException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="code">The stable code: the error id without its <c>EtlPs.</c>.</param>
    /// <param name="problem">What happened.</param>
    /// <param name="remedy">What to do about it.</param>
    public EtlPsException(string code, string problem, string remedy)
        : base(remedy.Length == 0 ? problem : $"{problem} {remedy}")
    {
        Code = code;
        Problem = problem;
        Remedy = remedy;
    }

    /// <summary>The stable code, for scripts: <c>SlotActive</c>.</summary>
    public string Code { get; }

    /// <summary>What happened.</summary>
    public string Problem { get; }

    /// <summary>What to do about it.</summary>
    public string Remedy { get; }
}
