using static EtlPs.Engine.Tests.Types.Canonical;

namespace EtlPs.Engine.Tests.Types;

/// <summary>Geometric types: doubles in order, as their send functions have them.</summary>
internal static class GeometryCases
{
    private const string Point = "STRUCT(x DOUBLE, y DOUBLE)";

    public static IReadOnlyList<TypeCase> All =>
    [
        new("point", Point, Send("point_send"), DuckDoubles("v.x", "v.y"),
            "'(0,0)'", "'(-0,1.5)'", "'(1e300,-5e-324)'", "'(Infinity,-Infinity)'", "'(0.1,0.2)'"),
        new("line", "STRUCT(a DOUBLE, b DOUBLE, c DOUBLE)", Send("line_send"), DuckDoubles("v.a", "v.b", "v.c"), "'{1,-2,3.5}'"),
        new("lseg", $"STRUCT(p1 {Point}, p2 {Point})", Send("lseg_send"), DuckDoubles("v.p1.x", "v.p1.y", "v.p2.x", "v.p2.y"),
            "'[(0,0),(1,1)]'", "'[(1e100,-1),(0.1,2)]'"),
        new("box", $"STRUCT(high {Point}, low {Point})", Send("box_send"), DuckDoubles("v.high.x", "v.high.y", "v.low.x", "v.low.y"),
            "'((0,0),(1,2))'", "'((-1,-1),(-2,-2))'"),
        new("circle", $"STRUCT(center {Point}, radius DOUBLE)", Send("circle_send"), DuckDoubles("v.center.x", "v.center.y", "v.radius"),
            "'<(0,0),0>'", "'<(1.5,-2),1e10>'"),
        new("path", $"STRUCT(closed BOOLEAN, points {Point}[])", Send("path_send"),
            $"CASE WHEN v.closed THEN '01' ELSE '00' END || {DuckPoints("v.points")}",
            "'[(0,0),(1,1)]'", "'((0,0),(1,1),(2,0))'", "'[(1,2)]'"),
        new("polygon", $"{Point}[]", Send("poly_send"), DuckPoints("v"), "'((0,0),(1,1),(2,0))'", "'((1,2))'"),
    ];

    private static string Send(string function) => $"encode({function}(v), 'hex')";
}
