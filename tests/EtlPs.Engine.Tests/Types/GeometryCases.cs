using static EtlPs.Engine.Tests.Types.Canonical;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Geometric types: doubles in order, as their send functions have them.</summary>
internal static class GeometryCases
{
    private const string Point = "STRUCT(x DOUBLE, y DOUBLE)";

    public static IReadOnlyList<TypeCase> All =>
    [
        new("point", Point, Send("point_send"), DuckDoubles("x", "y"),
            "'(0,0)'", "'(-1e-300,1.5)'", "'(1e300,-5e-324)'", "'(Infinity,-Infinity)'", "'(0.1,0.2)'"),
        new("line", "STRUCT(a DOUBLE, b DOUBLE, c DOUBLE)", Send("line_send"), DuckDoubles("a", "b", "c"),
            "'{1,-2,3.5}'"),
        new("lseg", $"STRUCT(p1 {Point}, p2 {Point})", Send("lseg_send"), DuckDoubles("p1.x", "p1.y", "p2.x", "p2.y"),
            "'[(0,0),(1,1)]'", "'[(1e100,-1),(0.1,2)]'"),
        new("box", $"STRUCT(high {Point}, low {Point})", Send("box_send"),
            DuckDoubles("high.x", "high.y", "low.x", "low.y"),
            "'((0,0),(1,2))'", "'((-1,-1),(-2,-2))'"),
        new("circle", $"STRUCT(center {Point}, radius DOUBLE)", Send("circle_send"),
            DuckDoubles("center.x", "center.y", "radius"),
            "'<(0,0),0>'", "'<(1.5,-2),1e10>'"),
        new("path", $"STRUCT(closed BOOLEAN, points {Point}[])", Send("path_send"),
            $"CASE WHEN {DuckField("closed")} THEN '01' ELSE '00' END || {DuckPoints(DuckField("points"))}",
            "'[(0,0),(1,1)]'", "'((0,0),(1,1),(2,0))'", "'[(1,2)]'"),
        new("polygon", $"{Point}[]", Send("poly_send"), DuckPoints("v"), "'((0,0),(1,1),(2,0))'", "'((1,2))'"),
    ];

    private static string Send(string function) => $"encode({function}(v), 'hex')";
}
