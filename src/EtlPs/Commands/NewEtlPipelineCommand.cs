using System.Collections;
using System.Management.Automation;
using EtlPs.Completion;
using EtlPs.Engine.Changes;
using EtlPs.Engine.Pipelines;
using EtlPs.Errors;
using EtlPs.Model;
using EtlPs.Transformation;

namespace EtlPs.Commands;

/// <summary>
/// Defines a pipeline in this session. Nothing is touched in Postgres or at the destination. With a name on the command
/// line, the tables that come through the pipeline are those of this one; else each object is a pipeline of its own.
/// </summary>
[Cmdlet(VerbsCommon.New, "EtlPipeline")]
[OutputType(typeof(EtlPipeline))]
public sealed class NewEtlPipelineCommand : EtlCommand
{
    private const int NameLimit = 40;
    private const int SlotNameLimit = 63;

    private readonly List<string> _piped = [];
    private bool _collects;
    private bool _copied;
    private HashSet<string> _given = [];
    private (EtlSource Source, EtlDestination Destination)? _ends;

    /// <summary>1 to 40 of a-z, 0-9 and _; slot and publication are named after it.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>A connection string, a postgres:// URI, or an object from New-EtlSource.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [SourceTransform]
    [ValidateNotNull]
    public EtlSource Source { get; set; } = null!;

    /// <summary>A DuckDB path, <c>:memory:</c>, or an object from New-EtlDestination.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    [DestinationTransform]
    [ValidateNotNull]
    public EtlDestination Destination { get; set; } = null!;

    /// <summary>
    /// Tables as in SQL, with wildcards outside quotes; without it, every table that the user can read.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TableNameCompleter))]
    public string[]? Table { get; set; }

    /// <summary>Tables to leave out, likewise; of a publication's tables, too.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(TableNameCompleter))]
    public string[]? ExcludeTable { get; set; }

    /// <summary>A publication that is there already; else the pipeline makes its own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Publication { get; set; }

    /// <summary>The slot's name; else <c>etlps_</c> and the pipeline's name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? SlotName { get; set; }

    /// <summary>Let standbys keep a copy of the slot, to go on from after a failover (Postgres 17 and later).</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public SwitchParameter FailoverSlot { get; set; }

    /// <summary>One schema for all tables at the destination; else the source's schemas.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? DestinationSchema { get; set; }

    /// <summary>
    /// Tables' names at the destination by their names at the source: <c>@{ 'public."Orders"' = 'orders_2' }</c>.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public IDictionary? TableMap { get; set; }

    /// <summary>
    /// Columns' names at the destination by their names at the source: <c>@{ 'public.orders."Id"' = 'id_2' }</c>.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public IDictionary? ColumnMap { get; set; }

    /// <summary>
    /// How numerics are carried that DECIMAL has no type for: Text, Double or Decimal(p,s), for all columns or by their
    /// names.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ColumnChoicesTransform]
    public IDictionary? UnboundedNumeric { get; set; }

    /// <summary>
    /// What becomes of values that DuckDB's type cannot hold: Error, Text, Null, Round or Quarantine, for all columns
    /// or by their names.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ColumnChoicesTransform]
    public IDictionary? OnUnrepresentable { get; set; }

    /// <summary>What DuckDB may use: bytes, or a text such as <c>'4GB'</c>.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ByteSizeTransform]
    [ValidateRange(1L, long.MaxValue)]
    public long? MemoryLimit { get; set; }

    /// <summary>
    /// A pipeline that is defined already, from the pipeline: what is not given here is as it has it.
    /// </summary>
    [Parameter(ValueFromPipeline = true)]
    public EtlPipeline? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _given = [.. MyInvocation.BoundParameters.Keys];
        _collects = MyInvocation.ExpectingInput && _given.Contains(nameof(Name)) && !_given.Contains(nameof(Table));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        Guard(CheckGiven, Name);
        if (InputObject is null && _collects && Table is { } tables)
            _ends = Guard(() => Collect(tables), Name);
        else
            WriteObject(Guard(() => Define(Source, Destination, Table), Name));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Where no table came there is no pipeline: it would be one of all tables.
        if (_ends is var (source, destination))
            WriteObject(Guard(() => Define(source, destination, [.. _piped.Distinct()]), Name));
    }

    /// <summary>
    /// What is empty in a pipeline that comes in says that there is none; what a user leaves empty is a mistake.
    /// </summary>
    private bool CheckGiven()
    {
        var isCopy = InputObject is not null;
        if (Table is { } tables && (tables.Length == 0 ? !isCopy
            || _given.Contains(nameof(Table)) : tables.Any(string.IsNullOrEmpty)))
            throw EtlErrors.InvalidArgument(
                "-Table holds no name.", "Name tables, or leave it out for all that the role can read.");
        if (DestinationSchema is "" && _given.Contains(nameof(DestinationSchema)))
            throw EtlErrors.InvalidArgument(
                "-DestinationSchema is empty.", "Name a schema, or leave it out for the source's own schemas.");
        if (isCopy && _copied && _given.Contains(nameof(Name)))
            throw EtlErrors.InvalidArgument(
                "More than one pipeline would have the name of -Name.", "Leave -Name out, or pass one pipeline on.");
        return _copied = isCopy;
    }

    /// <summary>
    /// A name that a pipeline shows is its own choice, or follows from its name and is no choice at all.
    /// </summary>
    private string? Chosen(string parameter, string? value, Func<PipelineDefinition, string?> choice) =>
        InputObject is null || _given.Contains(parameter) ? value : choice(InputObject.Registered.Pipeline.Definition);

    private (EtlSource Source, EtlDestination Destination) Collect(string[] tables)
    {
        _piped.AddRange(tables);
        var ends = _ends ?? (Source, Destination);
        if (ends.Source.Settings != Source.Settings || ends.Destination.Path != Destination.Path)
            throw EtlErrors.InvalidArgument(
                "The tables come from more than one source or destination.",
                "Define a pipeline for each, or name -Source and -Destination.");
        return ends;
    }

    private EtlPipeline Define(EtlSource source, EtlDestination to, string[]? tables)
    {
        RequireName("pipeline's name", Name, NameLimit);
        // A slot is one pipeline's: another name means another slot.
        var slotName = Chosen(nameof(SlotName), SlotName, earlier => earlier.Name == Name ? earlier.SlotName : null);
        if (slotName is { } slot)
            RequireName("slot's name", slot, SlotNameLimit);
        if (Registry.Find(Name) is { Pipeline.IsRunning: true })
            throw EtlErrors.Running(Name);
        var destination = new EtlDestination(
            to.IsUnresolved ? DestinationPath.Resolve(SessionState, to.Path) : to.Path, MemoryLimit
            ?? to.MemoryLimit, to.Threads);
        var definition = new PipelineDefinition
        {
            Name = Name,
            Source = source.Settings,
            Destination = destination.ToSettings(),
            Tables = tables ?? [],
            ExcludedTables = ExcludeTable ?? [],
            Publication = Chosen(nameof(Publication), Publication, static earlier => earlier.Publication),
            SlotName = slotName,
            FailoverSlot = FailoverSlot,
            DestinationSchema = string.IsNullOrEmpty(DestinationSchema) ? null : DestinationSchema,
            TableMap = NamedTexts.Read(
                TableMap, nameof(TableMap), "@{ 'public.\"Orders\"' = 'orders_2' }", static text => text),
            ColumnMap = NamedTexts.Read(
                ColumnMap, nameof(ColumnMap), "@{ 'public.orders.\"Id\"' = 'id_2' }", static text => text),
            UnboundedNumeric = NamedTexts.Read(
                UnboundedNumeric, nameof(UnboundedNumeric),
                "@{ 'public.orders.total' = 'Decimal(38,10)'; '*' = 'Text' }",
                Engine.Changes.UnboundedNumeric.Parse),
            OnUnrepresentable = NamedTexts.Read(
                OnUnrepresentable, nameof(OnUnrepresentable), "@{ 'public.orders.total' = 'Null'; '*' = 'Error' }",
                ReadUnrepresentable),
        };
        var registered = new RegisteredPipeline(source, destination, new Pipeline(definition));
        Registry.Set(registered);
        return new EtlPipeline(registered);
    }

    private static OnUnrepresentable ReadUnrepresentable(string text) =>
        Enum.TryParse<OnUnrepresentable>(text, ignoreCase: true, out var choice) && Enum.IsDefined(choice)
        && !char.IsAsciiDigit(text.Trim()[0])
            ? choice
            : throw EtlErrors.InvalidArgument(
                $"-OnUnrepresentable does not know '{text}'.", "Use Error, Text, Null, Round or Quarantine.");

    private static void RequireName(string what, string name, int limit)
    {
        if (name.Length > limit || !name.All(static c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_'))
            throw EtlErrors.InvalidArgument(
                $"'{name}' cannot be a {what}.", $"Use 1 to {limit} small letters a-z, digits and underscores.");
    }
}
