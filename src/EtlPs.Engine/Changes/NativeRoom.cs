using System.Runtime.InteropServices;

namespace EtlPs.Engine.Changes;

/// <summary>
/// Whether there is memory for so much: asked before DuckDB is told to take it, since an allocation that fails inside
/// of it throws through its C interface, which ends the process.
/// </summary>
internal static class NativeRoom
{
    public static bool Has(long bytes)
    {
        // Where memory is promised freely the promise is kept until it is written to.
        if (bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
            return false;
        try
        {
            Marshal.FreeHGlobal(Marshal.AllocHGlobal((nint)bytes));
            return true;
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }
}
