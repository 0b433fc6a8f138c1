using System.Globalization;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Topics;

/// <summary>Bindings: which events are jobs of which type. A change holds for each event that is published after the answer.</summary>
internal sealed class BindingEndpoints(JobGrid grid, JobTypeCatalogue types, BodyReader bodies, Audit audit, OwnAddress address, Microsoft.Extensions.Options.IOptions<JobGatewayOptions> options)
{
    private const int BodyBytes = TopicBinding.MaxArgsBytes + (4 << 10);
    private const int DefaultPage = 50;

    public async Task ListAsync(HttpContext context)
    {
        RefuseLimited(context);
        var (limit, cursor) = (DefaultPage, "");
        foreach (var (name, values) in context.Request.Query)
        {
            var text = values.Count == 1 ? values[0]! : throw new ProblemException(Problem.OfQuery(name, "It must be given once."));
            if (name == "limit")
            {
                if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > JobLimits.MaxPage)
                    throw new ProblemException(Problem.OfQuery("limit", $"It must be 1 to {JobLimits.MaxPage}."));
            }
            else if (name == "cursor") cursor = SubmissionRules.IsName(text) ? text : throw new ProblemException(Problem.OfQuery("cursor", "It must be the cursor of a page."));
            else throw new ProblemException(Problem.OfQuery(name, "There is no such parameter."));
        }

        var page = await (await grid.BindingsAsync()).ListBindings(cursor, limit);
        await SendAsync(context, json =>
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteStartArray("bindings"u8);
            foreach (var binding in page.Bindings) BindingJson.Write(json.Writer, binding);
            json.Writer.WriteEndArray();
            if (page.HasMore) json.Writer.WriteString("cursor"u8, page.Bindings[^1].Id);
            json.Writer.WriteEndObject();
        });
    }

    public async Task GetAsync(HttpContext context)
    {
        var id = IdOf(context);
        var binding = await (await grid.BindingsAsync()).GetBinding(id) ?? throw new ProblemException(NoSuchBinding(id));
        await SendAsync(context, json => BindingJson.Write(json.Writer, binding));
    }

    /// <summary>Creates (201) or replaces (200).</summary>
    public async Task PutAsync(HttpContext context)
    {
        var id = IdOf(context);
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } unfit) throw new ProblemException(unfit);
        TopicBinding binding;
        using (var body = await bodies.ReadAsync(context, BodyBytes)) binding = BindingJson.Read(body.Memory, id);
        if (binding.Check() is { Length: > 0 } problems) throw new ProblemException(SubmissionBuilder.OfRules(problems));
        var type = await types.FindAsync(binding.Type);
        if (type is null && !options.Value.AcceptUnknownTypes)
            throw new ProblemException(Problem.OfMember(ProblemTypes.UnknownType, "/type", $"No silo has, or has had, a handler for the type '{binding.Type}'."));
        if (type?.Info.Key is not null) throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, "/type", TopicBinding.TypeWithKey));
        binding = binding with { Queue = binding.Queue ?? type?.Info.Queue ?? JobLimits.DefaultQueue };
        if (options.Value.Queues.Count > 0 && !options.Value.Queues.Contains(binding.Queue))
            throw new ProblemException(Problem.OfMember(ProblemTypes.UnknownQueue, "/queue", $"The queue '{binding.Queue}' is not one of those served."));
        var home = await grid.BindingsAsync();
        var answer = Expect(await audit.BindingAsync(context, "put", id, () => home.PutBinding(binding)));
        var isNew = answer.Outcome == BindingOutcome.Created;
        if (isNew) context.Response.Headers.Location = address.Of(context, $"/bindings/{id}");
        context.Response.StatusCode = isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        await SendAsync(context, json => BindingJson.Write(json.Writer, answer.Binding!));
    }

    public async Task DeleteAsync(HttpContext context)
    {
        var id = IdOf(context);
        var home = await grid.BindingsAsync();
        var answer = Expect(await audit.BindingAsync(context, "delete", id, () => home.DeleteBinding(id)));
        if (answer.Outcome == BindingOutcome.NotFound) throw new ProblemException(NoSuchBinding(id));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>Bindings, and what is published, are of all queues.</summary>
    public static void RefuseLimited(HttpContext context)
    {
        if (Caller.Of(context).IsLimited) throw new ProblemException(new(ProblemTypes.Forbidden, "Topics are of all queues, and this API key is limited to some."));
    }

    private static BindingAnswer Expect(BindingAnswer answer) => answer.Outcome switch
    {
        BindingOutcome.Rejected => throw new ProblemException(SubmissionBuilder.OfRules(answer.Problems)),
        BindingOutcome.Full => throw new ProblemException(new(ProblemTypes.Overloaded, answer.Reason ?? "The grid is full.") { RetryAfter = TimeSpan.FromSeconds(10) }),
        BindingOutcome.Unavailable => throw new ProblemException(new(ProblemTypes.Unavailable, answer.Reason ?? "Not every partition has answered.") { RetryAfter = TimeSpan.FromSeconds(1) }),
        _ => answer,
    };

    private static string IdOf(HttpContext context)
    {
        RefuseLimited(context);
        var id = (string?)context.Request.RouteValues["id"];
        return SubmissionRules.IsName(id) ? id! : throw new ProblemException(new(ProblemTypes.NotFound, $"A binding's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -."));
    }

    private static Problem NoSuchBinding(string id) => new(ProblemTypes.BindingNotFound, $"There is no binding '{id}'.");

    private static Task SendAsync(HttpContext context, Action<JsonBuffer> write)
    {
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        write(json);
        return json.SendAsync(context.Response);
    }
}
