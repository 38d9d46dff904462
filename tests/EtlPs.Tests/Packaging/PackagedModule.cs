using System.IO.Compression;
using EtlPs.Testing.Processes;
using EtlPs.Testing.Repository;

namespace EtlPs.Tests.Packaging;

/// <summary>
/// The packages, made once by <c>build.ps1 -Task Package</c>, and the gallery's one as an installation unpacks it.
/// </summary>
public sealed class PackagedModule : IAsyncLifetime
{
    /// <summary>What NuGet adds to a package and an installation leaves out.</summary>
    private static readonly string[] s_envelope = ["_rels/", "package/", "[Content_Types].xml", "EtlPs.nuspec"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("etlps-package-");

    /// <summary>Where the module is installed: the files of the gallery's package, without the envelope.</summary>
    public string Installed => Path.Combine(_folder.FullName, "EtlPs", Version);

    public static string Version { get; } = typeof(PackagedModule).Assembly.GetName().Version!.ToString(3);

    public static string GalleryPackage => RepositoryRoot.File("output", $"EtlPs.{Version}.nupkg");

    public static string SlimPackage => RepositoryRoot.File("output", "AzureAutomation", "EtlPs.zip");

    public async ValueTask InitializeAsync()
    {
        await RunInShellAsync(RepositoryRoot.File("build.ps1"), "-Task", "Package");
        using ZipArchive package = await ZipFile.OpenReadAsync(GalleryPackage);
        foreach (ZipArchiveEntry entry in package.Entries.Where(e => !s_envelope.Any(e.FullName.StartsWith)))
        {
            string path = Path.Combine(Installed, Uri.UnescapeDataString(entry.FullName));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await entry.ExtractToFileAsync(path);
        }
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>A copy of the installed module, to break.</summary>
    public string CopyInstalled(string name)
    {
        string copy = Path.Combine(_folder.FullName, name);
        foreach (string file in Directory.EnumerateFiles(Installed, "*", SearchOption.AllDirectories))
        {
            string path = Path.Combine(copy, Path.GetRelativePath(Installed, file));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(file, path);
        }
        return copy;
    }

    /// <summary>Runs a script, or a text after <c>-Command</c>, in a session of its own.</summary>
    public static Task<string> RunInShellAsync(params string[] arguments) => ChildProcess.RunCheckedAsync(
        "dotnet",
        [
            Path.Combine(AppContext.BaseDirectory.Replace("EtlPs.Tests", "EtlPs.Shell", StringComparison.Ordinal),
                "EtlPs.Shell.dll"),
            .. arguments,
        ],
        TestContext.Current.CancellationToken);
}
