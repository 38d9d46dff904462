using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using EtlPs.Testing.Postgres;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Packaging;

public sealed class PackageTests(PackagedModule module, ServerPool pool) : IClassFixture<PackagedModule>
{
    private const long MostBytesOfGallery = 95_000_000;
    private const long MostBytesOfAzureAutomation = 100_000_000;

    private static readonly string[] s_galleryPlatforms =
        ["linux-arm64", "linux-x64", "osx-arm64", "win-arm64", "win-x64"];

    [Fact]
    public void The_gallerys_package_holds_the_module_and_nothing_else() => Assert.Equal(
        ["EtlPs.Format.ps1xml", "EtlPs.Pipeline.schema.json", "EtlPs.Types.ps1xml", "EtlPs.psd1", "LICENSE", "bin",
            "en-US"],
        Directory.EnumerateFileSystemEntries(module.Installed).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Fact]
    public void The_packages_are_small_enough_for_where_they_go()
    {
        Assert.InRange(new FileInfo(PackagedModule.GalleryPackage).Length, 1, MostBytesOfGallery);
        Assert.InRange(new FileInfo(PackagedModule.SlimPackage).Length, 1, MostBytesOfAzureAutomation);
    }

    [Fact]
    public void The_gallerys_package_says_what_is_in_it()
    {
        using ZipArchive package = ZipFile.OpenRead(PackagedModule.GalleryPackage);
        XElement metadata = XDocument.Load(package.GetEntry("EtlPs.nuspec")!.Open()).Root!.Elements().First();
        string Of(string name) => metadata.Elements().Single(e => e.Name.LocalName == name).Value;

        Assert.Equal("EtlPs", Of("id"));
        Assert.Equal(PackagedModule.Version, Of("version"));
        Assert.Superset(
            new HashSet<string> { "PSModule", "PSEdition_Core", "PSCmdlet_Start-EtlStream",
                "PSCommand_Start-EtlStream" },
            Of("tags").Split(' ').ToHashSet());
    }

    [Fact]
    public void Each_platform_of_the_gallerys_package_has_a_library_for_its_own_processor()
    {
        string runtimes = Path.Combine(module.Installed, "bin", "engine", "runtimes");

        Assert.Equal(s_galleryPlatforms, Directory.EnumerateDirectories(runtimes).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal));
        foreach (string platform in s_galleryPlatforms)
        {
            string library = Assert.Single(Directory.GetFiles(Path.Combine(runtimes, platform, "native")));
            Assert.Equal(platform, NativeLibraryPlatform.Of(library));
        }
    }

    [Fact]
    public void The_engine_knows_of_the_libraries_that_are_there_and_of_no_other()
    {
        string engine = Path.Combine(module.Installed, "bin", "engine");
        JsonNode graph = JsonNode.Parse(File.ReadAllText(Path.Combine(engine, "EtlPs.Engine.deps.json")))!;

        IEnumerable<string> known = graph["targets"]!.AsObject().Single().Value!.AsObject()
            .SelectMany(library => library.Value!["runtimeTargets"]?.AsObject().Select(asset => asset.Key) ?? []);

        IEnumerable<string> there =
            Directory.EnumerateFiles(Path.Combine(engine, "runtimes"), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(engine, file).Replace('\\', '/'));
        Assert.Equal(there.Order(StringComparer.Ordinal), known.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Azure_Automations_package_is_a_folder_of_the_modules_name_with_the_libraries_for_its_two_platforms()
    {
        using ZipArchive package = ZipFile.OpenRead(PackagedModule.SlimPackage);
        string[] files = [.. package.Entries.Select(entry => entry.FullName)];

        Assert.All(files, file => Assert.StartsWith("EtlPs/", file, StringComparison.Ordinal));
        Assert.Contains("EtlPs/EtlPs.psd1", files);
        Assert.Equal(
            ["EtlPs/bin/engine/runtimes/linux-x64/native/libduckdb.so",
                "EtlPs/bin/engine/runtimes/win-x64/native/duckdb.dll"],
            files.Where(file => file.Contains("/runtimes/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_installed_package_copies_a_table()
    {
        await using TestDatabase database = await pool.CreateDatabaseAsync();
        await database.ExecuteAsync(
            "CREATE TABLE t AS SELECT n FROM generate_series(1, 1234) n", TestContext.Current.CancellationToken);
        string file = Path.Combine(module.Installed, "..", $"{database.Name}.duckdb");

        string said = await PackagedModule.RunInShellAsync(
            "-Command",
            $"""
            $ErrorActionPreference = 'Stop'
            Import-Module '{module.Installed}/EtlPs.psd1'
            New-EtlPipeline p '{database.ConnectionString}' '{file}' -Table t
            $null = Start-EtlBackfill p -SnapshotOnly
            (Invoke-EtlQuery p 'SELECT sum(n) AS total FROM public.t').total.ToString()
            """);

        Assert.EndsWith($"{1234 * 1235 / 2}", said.TrimEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("of another platform only", true)]
    [InlineData("of a package that lost it", false)]
    public async Task A_platform_without_a_library_is_told_which_there_are(string name, bool isUnknown)
    {
        string broken = module.CopyInstalled(name);
        string engine = Path.Combine(broken, "bin", "engine");
        Directory.Delete(Path.Combine(engine, "runtimes", NativeLibraryPlatform.Own), recursive: true);
        if (isUnknown)
        {
            string graphPath = Path.Combine(engine, "EtlPs.Engine.deps.json");
            JsonNode graph = JsonNode.Parse(
                await File.ReadAllTextAsync(graphPath, TestContext.Current.CancellationToken))!;
            foreach ((_, JsonNode? library) in graph["targets"]!.AsObject().Single().Value!.AsObject())
                foreach (string asset in library!["runtimeTargets"]?.AsObject().Select(asset => asset.Key).ToArray()
                    ?? [])
                    if (asset.Contains($"/{NativeLibraryPlatform.Own}/", StringComparison.Ordinal))
                        library["runtimeTargets"]!.AsObject().Remove(asset);
            await File.WriteAllTextAsync(graphPath, graph.ToJsonString(), TestContext.Current.CancellationToken);
        }

        string said = await PackagedModule.RunInShellAsync(
            "-Command",
            $$"""
            Import-Module '{{broken}}/EtlPs.psd1'
            New-EtlPipeline p 'Host=nowhere.invalid' ':memory:' -Table t
            try { Start-EtlBackfill p } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
            """);

        Assert.Contains("EtlPs.PlatformNotSupported", said, StringComparison.Ordinal);
        Assert.Contains(string.Join(", ", s_galleryPlatforms.Where(p => p != NativeLibraryPlatform.Own)), said,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_platform_that_DuckDB_is_not_made_for_is_refused_by_name()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => PackagedModule.RunInShellAsync(
            RepositoryRoot.File("build.ps1"), "-Task", "Package", "-Rid", "linux-x64,linux-musl-x64"));

        Assert.Contains("There is no library for linux-musl-x64", refused.Message, StringComparison.Ordinal);
    }
}
