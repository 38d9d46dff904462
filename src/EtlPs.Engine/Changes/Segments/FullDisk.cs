namespace EtlPs.Engine.Changes.Segments;

/// <summary>What .NET throws where a disk or a quota is used up.</summary>
internal static class FullDisk
{
    /// <summary>ENOSPC and EDQUOT (Linux, macOS); ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.</summary>
    public static bool IsCauseOf(Exception e) => OperatingSystem.IsWindows()
        ? e.HResult is unchecked((int)0x80070070) or unchecked((int)0x80070027)
        : e.HResult is 28 || e.HResult == (OperatingSystem.IsMacOS() ? 69 : 122);
}
