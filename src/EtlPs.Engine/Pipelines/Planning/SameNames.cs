using EtlPs.Engine.Pipelines.Errors;

namespace EtlPs.Engine.Pipelines.Planning;

/// <summary>
/// One thing under two names, <c>orders</c> and <c>public.orders</c>: neither choice for it counts more than the other.
/// </summary>
internal static class SameNames
{
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="what">What it names: "table", "column".</param>
    /// <param name="names">The names as they were written, and what each one names; null: perhaps several.</param>
    /// <exception cref="EtlException">InvalidArgument: two name the same.</exception>
    public static void Refuse<T>(string parameter, string what, IEnumerable<(string Text, T? Only)> names)
        where T : struct
    {
        var seen = new Dictionary<T, string>();
        foreach (var (text, only) in names)
            if (only is { } one && !seen.TryAdd(one, text))
                throw new EtlException(
                    EtlErrorCode.InvalidArgument,
                    $"-{parameter} names the same {what} twice: {seen[one]} and {text}.",
                    "Leave one of them out.")
                {
                    Subject = text,
                };
    }
}
