using System.Net;
using System.Net.Sockets;
using EtlPs.Testing.Postgres;

namespace EtlPs.Tests.Pipelines;

public sealed class CompletionTests(ServerPool pool)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pipelines_tables_and_slots_are_completed_from_what_there_is()
    {
        await using var shop = (await Shop.OpenAsync(pool)).Defined();
        shop.Run("Start-EtlBackfill $name").WithoutErrors();

        Assert.Equal([shop.Pipeline], Complete(shop, $"Wait-EtlPipeline {shop.Pipeline[..3]}"));
        Assert.Equal([shop.Pipeline], Complete(shop, $"Export-EtlPipeline '{shop.Pipeline[..3]}"));
        Assert.Equal(["public.customers", "public.orders"], Complete(shop, $"Watch-EtlChange {shop.Pipeline} p"));
        Assert.Equal(
            ["public.orders"], Complete(shop, $"Get-EtlTable {shop.Pipeline} -Table public.customers, PUBLIC.O"));
        Assert.Equal(["public.orders"], Complete(shop, "Watch-EtlChange -Source $source -Table public.o"));
        Assert.Equal([$"etlps_{shop.Pipeline}"], Complete(shop, $"Get-EtlSlot $source etlps_{shop.Pipeline}"));
        Assert.Equal([$"etlps_{shop.Pipeline}"],
            Complete(shop, $"Remove-EtlSlot -Source $source -SlotName etlps_{shop.Pipeline}"));
        Assert.Equal([$"etlps_{shop.Pipeline}"],
            Complete(shop, $"Get-EtlSlotLag -Source $source -SlotName etlps_{shop.Pipeline}"));
    }

    [Fact]
    public async Task Names_are_quoted_so_that_they_arrive_as_they_are()
    {
        await using var shop = await Shop.OpenAsync(pool);
        string[] names = ["Order lines", "it's", "a$b", "q\"uote", "semi;colon", "ünï"];
        foreach (var name in names)
            await shop.Database.ExecuteAsync(
                $"CREATE TABLE \"{name.Replace("\"", "\"\"")}\" (id int PRIMARY KEY)", Token);

        var completed = Complete(shop, "Get-EtlTable -Source $source -Table 'public.\"").ToList();
        var found = completed.Select(argument => shop.Run($"(Get-EtlTable -Source $source -Table {argument}).Table")
            .WithoutErrors().Output.Single());

        Assert.Equal(names.Length, completed.Count);
        Assert.Equal(
            names.Select(name => $"public.\"{name.Replace("\"", "\"\"")}\"").Order(StringComparer.Ordinal),
            found.Select(table => (string)table.BaseObject).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_server_that_says_nothing_does_not_hold_up_a_prompt()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var shop = await Shop.OpenAsync(pool);
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;

        var asking = Task.Run(() => Complete(
            shop, $"Get-EtlSlot 'Host=127.0.0.1;Port={port};Database=x;Username=y;Timeout=600' e")
            .Concat(Complete(
                shop, $"Get-EtlTable -Source 'Host=127.0.0.1;Port={port};Database=x;Username=y;Timeout=600' -Table p"))
            .Concat(Complete(shop, "Get-EtlTable -Source 'no connection' -Table p"))
            .Concat(Complete(shop, "Get-EtlTable nosuch -Table p")).ToList());

        // A tenth of what the connection strings would allow.
        Assert.Empty(await asking.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    // Files of the current folder are what PowerShell itself falls back to.
    private static IEnumerable<string> Complete(Shop shop, string line) => shop.Run(
        "(TabExpansion2 $line $line.Length).CompletionMatches | Where-Object ResultType -eq 'ParameterValue' | "
        + "ForEach-Object CompletionText",
        ("line", line)).WithoutErrors().OutputOf<string>();
}
