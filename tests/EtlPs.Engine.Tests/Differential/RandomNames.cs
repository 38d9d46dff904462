namespace EtlPs.Engine.Tests.Differential;

/// <summary>Names as people should not give them, each only once, in whatever case.</summary>
internal sealed class RandomNames(SplitMix random)
{
    private static readonly string[] s_shapes =
    [
        "plain{0}", "UPPER{0}", "Mixed Case {0}", "quote\"{0}\"\"", "dot.ted{0}", " space {0} ", "🙂{0}", "naïve É{0}",
        "it's{0}",
        "back\\slash{0}", "per%cent_{0}", "dollar${0}$", "semi;colon--{0}", "[{0}]", "{0}digits", "línea\n{0}",
    ];

    private static readonly string[] s_reserved =
        ["select", "order", "group", "table", "user", "end", "from", "primary", "pivot", "qualify", "window", "column"];

    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private int _next;

    /// <summary>A name that was not given yet, quoted.</summary>
    public string Next()
    {
        while (true)
        {
            var name = random.Below(10) switch
            {
                < 4 => $"c{_next++}",
                4 or 5 => random.Pick(s_reserved),
                6 => $"{_next++}".PadLeft(63, 'x'),
                _ => string.Format(null, random.Pick(s_shapes), _next++),
            };
            if (_taken.Add(name)) return Quote(name);
        }
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
