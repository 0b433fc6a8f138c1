using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Tests.Infrastructure.Nginx;

/// <summary>A real nginx that terminates TLS in front of a gateway, killed by its process id at the end.</summary>
internal sealed class NginxProxy : IAsyncDisposable
{
    private const int Attempts = 5;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("oj-nginx-");
    private Process? _process;

    private NginxProxy() => AppDomain.CurrentDomain.ProcessExit += OnProcessExit;

    public int Port { get; private set; }

    /// <param name="headers">What the proxy tells the server behind it, as lines of its configuration.</param>
    public static async Task<NginxProxy> StartAsync(Uri gateway, string name, params string[] headers)
    {
        var proxy = new NginxProxy();
        try
        {
            proxy.WriteCertificate(name);
            for (var attempt = 1; ; attempt++)
            {
                proxy.Port = Ports.Free();
                if (await proxy.TryRunAsync(gateway, headers) is not { } failure) return proxy;
                if (attempt == Attempts) throw new InvalidOperationException($"nginx did not start:\n{failure}");
            }
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client that finds every name at this proxy.</summary>
    /// <param name="from">The address that it comes from; one of loopback.</param>
    public HttpClient Client(string name, string from = "127.0.0.1")
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(IPAddress.Loopback, Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri($"https://{name}") };
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        if (_process is { } process)
        {
            Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _directory.Delete(recursive: true);
    }

    private async Task<string?> TryRunAsync(Uri gateway, string[] headers)
    {
        await File.WriteAllTextAsync(In("nginx.conf"), Configuration(gateway, headers));
        var start = new ProcessStartInfo("nginx", ["-p", _directory.FullName, "-c", In("nginx.conf"), "-e", In("error.log")]) { RedirectStandardError = true };
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException("This test needs a real reverse proxy: install nginx (Debian, Ubuntu: apt-get install nginx).", e);
        }

        var started = TimeProvider.System.GetTimestamp();
        while (!_process.HasExited)
        {
            if (await AnswersAsync()) return null;
            if (TimeProvider.System.GetElapsedTime(started) > StartTimeout) break;
            await Task.Delay(Pause, TimeProvider.System);
        }

        Kill();
        return File.Exists(In("error.log")) ? await File.ReadAllTextAsync(In("error.log")) : "";
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, Port);
            return !_process!.HasExited;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // One process in the foreground, nothing outside the directory.
    private string Configuration(Uri gateway, string[] headers) => $$"""
        daemon off;
        master_process off;
        pid {{In("nginx.pid")}};
        events { worker_connections 256; }
        http {
            access_log off;
            client_body_temp_path {{In("body")}};
            proxy_temp_path {{In("proxy")}};
            fastcgi_temp_path {{In("fastcgi")}};
            uwsgi_temp_path {{In("uwsgi")}};
            scgi_temp_path {{In("scgi")}};
            server {
                listen 127.0.0.1:{{Port}} ssl;
                ssl_certificate {{In("certificate.pem")}};
                ssl_certificate_key {{In("key.pem")}};
                location / {
                    proxy_pass {{gateway.GetLeftPart(UriPartial.Authority)}};
                    proxy_http_version 1.1;
                    {{string.Join("\n            ", headers)}}
                }
            }
        }
        """;

    private void WriteCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(In("certificate.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(In("key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private string In(string file) => Path.Combine(_directory.FullName, file);

    private void OnProcessExit(object? sender, EventArgs e) => Kill();

    private void Kill()
    {
        if (_process is { HasExited: false } process) process.Kill();
    }
}
