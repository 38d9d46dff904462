using System.Collections.Immutable;
using System.Numerics;

namespace EtlPs.Engine.Postgres.Types;

/// <summary>The powers of ten that an integer type holds.</summary>
internal static class PowersOfTen<T>
    where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
{
    private static readonly ImmutableArray<T> s_powers = Make();

    public static T At(int exponent) => s_powers[exponent];

    private static ImmutableArray<T> Make()
    {
        var ten = T.CreateChecked(10);
        var powers = ImmutableArray.CreateBuilder<T>();
        for (var power = T.One; ; power *= ten)
        {
            powers.Add(power);
            if (power > T.MaxValue / ten)
                return powers.ToImmutable();
        }
    }
}
