using System.Management.Automation;
using EtlPs.Errors;

namespace EtlPs.Transformation;

/// <summary>Makes a path absolute by the session's location, never by the process's directory.</summary>
internal static class FilePath
{
    public static string Resolve(SessionState session, string path, string remedy)
    {
        try
        {
            var resolved = session.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            if (provider.Name == "FileSystem")
                return resolved;
        }
        catch (Exception failure) when (failure is SessionStateException or ProviderInvocationException
            or NotSupportedException or ArgumentException)
        {
            // The one error below says it for all of them.
        }
        throw EtlErrors.InvalidArgument($"'{path}' is no path in the file system.", remedy);
    }
}
