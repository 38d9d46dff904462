namespace EtlPs.Testing.Repository;

/// <summary>The folder of the repository that this build came from.</summary>
public static class RepositoryRoot
{
    /// <summary>Its full path.</summary>
    public static string Path { get; } = Find();

    /// <summary>The built module's manifest.</summary>
    public static string ModuleManifest => File("EtlPs.psd1");

    /// <summary>A path below it.</summary>
    public static string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.File.Exists(System.IO.Path.Combine(folder.FullName, "EtlPs.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No EtlPs.sln in or above {AppContext.BaseDirectory}.");
    }
}
