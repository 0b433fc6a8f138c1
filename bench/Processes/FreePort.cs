using System.Net;
using System.Net.Sockets;

namespace OrleansJobs.Bench.Processes;

/// <summary>Ports outside of the range that the kernel hands out by itself: one that is free now would else be some connection's by the time a process listens on it.</summary>
internal static class FreePort
{
    private const int First = 10_000;
    private const int Last = 15_000;
    private static readonly HashSet<int> Given = [];

    public static int Next()
    {
        lock (Given)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, Last);
                if (IsFree(port) && Given.Add(port)) return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Any, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
