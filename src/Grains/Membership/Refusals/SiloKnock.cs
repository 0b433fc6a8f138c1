using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace OrleansJobs.Membership;

/// <summary>What became of a try to connect to a silo's address.</summary>
internal enum Knock
{
    /// <summary>Somebody takes connections there; whether it answers is another matter.</summary>
    Open,

    /// <summary>Its machine says that nobody listens there: the process has ended. One that is stopped, or whose accept queue is full, does not refuse.</summary>
    Refused,

    /// <summary>There was no answer, or none that says anything of the process.</summary>
    Silent,
}

/// <summary>Tries to connect to silos, and hangs up at once. One that lives logs a connection that said nothing, so whoever answers is not knocked at.</summary>
internal class SiloKnock(TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public virtual async Task<Knock> KnockAsync(SiloAddress silo)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            using var socket = new Socket(silo.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(silo.Endpoint, patience.Token);
            return Knock.Open;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode is SocketError.ConnectionRefused ? Knock.Refused : Knock.Silent;
        }
        catch (OperationCanceledException)
        {
            return Knock.Silent;
        }
    }

    /// <summary>
    /// Whether a silo that lives takes connections at its address: this one does. Not so in memory, as in test hosts, behind a port that is mapped, or by a transport of the
    /// host's own, where a refusal says nothing.
    /// </summary>
    public virtual bool IsTelling(SiloAddress own) => Array.Exists(IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners(), listener => listener.Port == own.Endpoint.Port);
}
