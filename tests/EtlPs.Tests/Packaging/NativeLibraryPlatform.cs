using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace EtlPs.Tests.Packaging;

/// <summary>Which platform a native library is for, by its own header.</summary>
internal static class NativeLibraryPlatform
{
    /// <summary>The platform that the tests run on.</summary>
    public static string Own => RuntimeInformation.RuntimeIdentifier;

    public static string Of(string path)
    {
        byte[] header = new byte[1024];
        using FileStream file = File.OpenRead(path);
        file.ReadAtLeast(header, header.Length);
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (magic == 0x7F454C46) return $"linux-{Processor(Half(18), x64: 62, arm64: 183)}"; // ELF: e_machine
        if (magic == 0xCFFAEDFE) return $"osx-{Processor(Word(4), x64: 0x01000007, arm64: 0x0100000C)}"; // Mach-O: cputype
        int portable = (int)Word(0x3C);
        return Encoding.ASCII.GetString(header, portable, 2) == "PE"
            ? $"win-{Processor(Half(portable + 4), x64: 0x8664, arm64: 0xAA64)}"
            : throw new InvalidDataException($"{path} is no library.");

        uint Half(int at) => BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(at));
        uint Word(int at) => BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(at));
    }

    private static string Processor(uint machine, uint x64, uint arm64) =>
        machine == x64 ? "x64" : machine == arm64 ? "arm64" : throw new InvalidDataException($"Processor {machine:x}.");
}
