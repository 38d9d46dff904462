using System.Buffers.Binary;

namespace EtlPs.Engine.Postgres.Wire;

/// <summary>
/// Cuts what the server sends into messages. COPY's rows are taken out of their frames straight from the receive
/// buffer, as many as it holds, since Postgres sends one message for each row.
/// </summary>
internal sealed class WireInput(Stream stream)
{
    // Fits the second-level cache, so that rows are still there when they are moved on.
    private const int BufferBytes = 256 * 1024;
    private const int HeaderLength = 1 + sizeof(int);

    // A value's own limit is 1 GB. What is longer was not sent by Postgres, and must not be waited for.
    private const int MaxFrameLength = int.MaxValue - 1;
    private const int MaxMessageLength = 64 * 1024 * 1024;

    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private int _frameLeft;
    private int _asideLeft;

    /// <summary>Receives what is there, waiting for it if need be; returns how much.</summary>
    /// <exception cref="EndOfStreamException">The server has closed the connection.</exception>
    public int Receive()
    {
        if (_start == _end && _buffer.Length > BufferBytes)
        {
            // A large message is gone, and the next one may be long in coming.
            _buffer = new byte[BufferBytes];
            (_start, _end) = (0, 0);
        }

        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var received = stream.Read(_buffer.AsSpan(_end));
        if (received == 0)
            throw new EndOfStreamException("The server has closed the connection.");
        _end += received;
        return received;
    }

    /// <summary>Reads one whole message.</summary>
    public BackendMessage ReadMessage()
    {
        while (_end - _start < HeaderLength)
            Receive();
        var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start + 1));
        if (length is < sizeof(int) or > MaxMessageLength)
            throw WireViolation.Error($"a message is {length} bytes long");
        if (length + 1 > _buffer.Length)
            Grow(length + 1);
        while (_end - _start < length + 1)
            Receive();
        var message = new BackendMessage(_buffer[_start], _buffer.AsSpan(_start + HeaderLength, length - sizeof(int)));
        _start += length + 1;
        return message;
    }

    /// <summary>Takes the next message where all of it was received. Its body is good until the next receive.</summary>
    public bool TryTakeMessage(out byte type, out ReadOnlyMemory<byte> body)
    {
        (type, body) = (0, default);
        if (_end - _start < HeaderLength)
            return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start + 1));
        if (length is < sizeof(int) or > MaxFrameLength)
            throw WireViolation.Error($"a message is {length} bytes long");
        if (_end - _start < length + 1)
        {
            if (length + 1 > _buffer.Length)
                Grow(length + 1);
            return false;
        }

        type = _buffer[_start];
        body = _buffer.AsMemory(_start + HeaderLength, length - sizeof(int));
        _start += length + 1;
        return true;
    }

    /// <summary>
    /// Takes COPY data from what was received, without waiting, until the target is full, nothing is left or another
    /// message comes. What the server may say at any time, a notice, is passed over.
    /// </summary>
    /// <param name="target">Where they go, without their frames.</param>
    /// <param name="isOver">Whether another message comes: read it by <see cref="ReadMessage"/>.</param>
    /// <returns>How many bytes were taken.</returns>
    public int TakeCopyData(Span<byte> target, out bool isOver)
    {
        var buffer = _buffer.AsSpan(0, _end);
        var filled = 0;
        isOver = false;
        while (true)
        {
            if (_asideLeft > 0)
            {
                var length = Math.Min(_asideLeft, buffer.Length - _start);
                _start += length;
                _asideLeft -= length;
            }

            if (_frameLeft > 0)
            {
                var length = Math.Min(Math.Min(_frameLeft, buffer.Length - _start), target.Length - filled);
                buffer.Slice(_start, length).CopyTo(target[filled..]);
                filled += length;
                _start += length;
                _frameLeft -= length;
                if (_frameLeft > 0)
                    return filled;
            }

            if (buffer.Length - _start < HeaderLength)
                return filled;
            var type = buffer[_start];
            var isAside = type is BackendMessageType.NoticeResponse or BackendMessageType.NotificationResponse
                or BackendMessageType.ParameterStatus;
            if (type != BackendMessageType.CopyData && !isAside)
            {
                isOver = true;
                return filled;
            }

            var frame = BinaryPrimitives.ReadInt32BigEndian(buffer[(_start + 1)..]);
            if (frame is < sizeof(int) or > MaxFrameLength)
                throw WireViolation.Error($"a piece of COPY data is {frame} bytes long");
            _start += HeaderLength;
            if (isAside)
                _asideLeft = frame - sizeof(int);
            else
                _frameLeft = frame - sizeof(int);
        }
    }

    private void Grow(int length)
    {
        var larger = new byte[length];
        _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
        (_buffer, _start, _end) = (larger, 0, _end - _start);
    }
}
