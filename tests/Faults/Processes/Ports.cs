using System.Net;
using System.Net.Sockets;

namespace OrleansJobs.Faults.Processes;

/// <summary>Ports for processes that come and go on the same address: outside the range that the kernel hands out by itself.</summary>
internal static class Ports
{
    private const int First = 15_000;
    private const int Last = 32_000;
    private static readonly HashSet<int> Given = [];

    public static int Free()
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
