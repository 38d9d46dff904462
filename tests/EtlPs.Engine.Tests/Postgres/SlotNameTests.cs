using EtlPs.Engine.Pipelines.Errors;
using EtlPs.Engine.Postgres.Replication;

namespace EtlPs.Engine.Tests.Postgres;

public sealed class SlotNameTests
{
    [Fact]
    public void A_slots_name_has_small_letters_digits_and_underscores_and_at_most_63_of_them()
    {
        SlotName.Require("a_1");
        SlotName.Require(new string('x', 63));
        Assert.All(
            (string[])["", new string('x', 64), "Upper", "a-b", "a b", "é", "a'b"],
            name => Assert.Equal(
                EtlErrorCode.InvalidArgument, Assert.Throws<EtlException>(() => SlotName.Require(name)).Code));
    }
}
