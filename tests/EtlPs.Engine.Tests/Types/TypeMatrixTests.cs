namespace EtlPs.Engine.Tests.Types;

public sealed class TypeMatrixTests(TypeDatabase database) : IClassFixture<TypeDatabase>
{
    [Theory]
    [MemberData(nameof(TypeMatrix.Names), MemberType = typeof(TypeMatrix))]
    public async Task Binary_values_arrive_as_the_server_has_them(string name)
    {
        await using var trip = await TypeRoundTrip.BeginAsync(await database.OpenAsync(), TypeMatrix.Find(name));
        Assert.Equal(await trip.ExpectedAsync(), await trip.CopiedAsync());
    }

    [Theory]
    [MemberData(nameof(TypeMatrix.Names), MemberType = typeof(TypeMatrix))]
    public async Task Text_values_arrive_as_the_server_has_them(string name)
    {
        await using var trip = await TypeRoundTrip.BeginAsync(await database.OpenAsync(), TypeMatrix.Find(name));
        Assert.Equal(await trip.ExpectedAsync(), await trip.ReadAsTextAsync());
    }
}
