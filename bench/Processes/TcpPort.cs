using System.Net.Sockets;

namespace OrleansJobs.Bench.Processes;

/// <summary>Whether somebody listens.</summary>
internal static class TcpPort
{
    public static async Task<bool> AnswersAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
