using EtlPs.Engine.Pipelines;
using EtlPs.Engine.Pipelines.Faults;
using EtlPs.Engine.Sources;

namespace EtlPs.Engine.Tests.Pipelines;

/// <summary>
/// A role of a test's own that may replicate and read some tables, and is exempt from nothing; dropped at the end.
/// </summary>
internal sealed class RestrictedRole : IAsyncDisposable
{
    private readonly Scenario _scenario;

    private RestrictedRole(Scenario scenario, string name, string connection)
    {
        _scenario = scenario;
        Name = name;
        Definition = scenario.Definition() with { Source = SourceSettings.Parse(connection), Publication = "dba" };
    }

    public string Name { get; }

    /// <summary>The scenario's pipeline as this role, over the publication <c>dba</c>.</summary>
    public PipelineDefinition Definition { get; }

    public static async Task<RestrictedRole> CreateAsync(Scenario scenario, string tables)
    {
        var name = $"restricted_{Guid.NewGuid():N}"[..30];
        var connection = await scenario.Database.Server.CreateRoleAsync(
            name, "secret", "REPLICATION", scenario.Database.Name, TestContext.Current.CancellationToken);
        await scenario.ExecuteAsync($"GRANT SELECT ON {tables} TO {name}");
        return new RestrictedRole(scenario, name, connection);
    }

    public Pipeline Pipeline(IFaultHook faults) => new(Definition, faults);

    public async ValueTask DisposeAsync() => await _scenario.ExecuteAsync(
        $"REASSIGN OWNED BY {Name} TO CURRENT_USER; DROP OWNED BY {Name}; DROP ROLE {Name}");
}
