using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Acting;
using OrleansJobs.Gateway.Finding;
using OrleansJobs.Gateway.Flows;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Histories;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Limits;
using OrleansJobs.Gateway.Live;
using OrleansJobs.Gateway.Logs;
using OrleansJobs.Gateway.Keys;
using OrleansJobs.Gateway.Schedules;
using OrleansJobs.Gateway.Signals;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Store;
using OrleansJobs.Gateway.Submitting;
using OrleansJobs.Gateway.Timelines;
using OrleansJobs.Gateway.Topics;
using OrleansJobs.Gateway.Waiting;
using OrleansJobs.Gateway.Working;

namespace OrleansJobs.Gateway;

public static class JobGatewayRegistration
{
    /// <summary>
    /// Adds what <see cref="JobGatewayRoutes.MapJobs"/> needs. The process must be an Orleans client or a silo.
    /// </summary>
    /// <param name="configuration">Its section <c>Gateway</c> is read.</param>
    /// <param name="configure">Has the last word.</param>
    public static IServiceCollection AddJobGateway(
        this IServiceCollection services, IConfiguration configuration, Action<JobGatewayOptions>? configure = null)
    {
        var options = services.AddOptions<JobGatewayOptions>().Bind(configuration.GetSection(JobGatewayOptions.Section));
        if (configure is not null) options.Configure(configure);
        options.ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<JobGatewayOptions>, JobGatewayOptionsValidator>());

        services.AddJobClient();
        AddServing(services);
        AddGuarding(services);
        return services;
    }

    private static void AddServing(IServiceCollection services)
    {
        services.AddSingleton<JobGrid>();
        services.AddSingleton<JobTypeCatalogue>();
        services.AddSingleton<OwnAddress>();
        services.AddSingleton<BodyReader>();
        services.AddSingleton<SubmissionBuilder>();
        services.AddSingleton<SubmitEndpoints>();
        services.AddSingleton<JobWaits>();
        services.AddSingleton<StatusEndpoints>();
        services.AddSingleton<WaitRefiner>();
        services.AddSingleton<ReasonReader>();
        services.AddSingleton<ChangeEndpoints>();
        services.AddSingleton<ActEndpoint>();
        services.AddSingleton<CopyEndpoint>();
        services.AddSingleton<PriorityEndpoint>();
        services.AddSingleton<TransferEndpoint>();
        services.AddSingleton<MoveEndpoint>();
        services.AddSingleton<SignalEndpoint>();
        services.AddSingleton<KeyEndpoints>();
        services.AddSingleton<BindingEndpoints>();
        services.AddSingleton<TopicEndpoints>();
        services.AddSingleton<TopicFeed>();
        services.AddSingleton<TopicEventEndpoint>();
        services.AddSingleton<QueueLimitEndpoints>();
        services.AddSingleton<ScheduleEndpoints>();
        services.AddSingleton<ScheduleChangeEndpoints>();
        services.AddSingleton<BatchEndpoint>();
        services.AddSingleton<FlowBuilder>();
        services.AddSingleton<FlowReader>();
        services.AddSingleton<FlowEndpoints>();
        services.AddSingleton<WatchHub>();
        services.AddSingleton<EventStreams>();
        services.AddSingleton<EventMemory>();
        services.AddSingleton<FilterPages>();
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<EventEndpoints>();
        services.AddSingleton<LogEndpoints>();
        services.AddSingleton<TimelineEndpoint>();
        services.AddSingleton<ListEndpoint>();
        services.AddSingleton<GridFigures>();
        services.AddSingleton<GridEndpoints>();
        services.AddSingleton<HistoryAnswers>();
        services.AddSingleton<HistoryEndpoint>();
        services.AddSingleton<StoreEndpoints>();
        services.AddSingleton<TypeAnnouncer>();
        services.AddSingleton<WorkEndpoints>();
        services.AddSingleton<ReportEndpoint>();
        services.AddSingleton<MemoryEndpoint>();
        services.AddSingleton<ChildrenEndpoint>();
        services.AddSingleton<HealthEndpoints>();
    }

    private static void AddGuarding(IServiceCollection services)
    {
        services.AddSingleton<KeyFolder>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<HostNames>();
        services.AddSingleton<ConnectionShares>();
        services.AddSingleton<Audit>();
        services.AddSingleton<WatchTokens>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<ConsoleRequests>();
        services.AddSingleton<CallerEndpoint>();
        services.AddSingleton<IAuthorizationHandler, ScopeHandler>();
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, SignInAuthentication>(SignInAuthentication.SchemeName, null);
        services.AddOptions<AuthenticationOptions>().Configure<IOptions<JobGatewayOptions>>((authentication, gateway) =>
        {
            // Where people are signed in by a cookie the default is the host's: for its own pages, which our scheme would lead nowhere.
            if (gateway.Value.SignIn.Scheme is null) authentication.DefaultScheme ??= gateway.Value.Scheme ?? ApiKeyAuthentication.SchemeName;
        });
        services.AddAuthorization();
        services.AddOptions<AuthorizationOptions>().Configure<IOptions<JobGatewayOptions>, IOptions<AuthenticationOptions>>((authorization, gateway, authentication) =>
            Policies.Add(authorization, Policies.SchemeOf(gateway.Value, authentication.Value)));
        services.AddCors();
        services.ConfigureOptions<GatewayCors>();
        services.ConfigureOptions<GatewayKestrel>();
        services.AddHostedService<ProbePort>();
        services.AddHostedService<ListenGuard>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<LoggerFilterOptions>, RequestLines>());
    }
}
