using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using EtlPs.Engine.Pipelines.Planning;
using EtlPs.Errors;
using EtlPs.Hosting;
using EtlPs.Model;

namespace EtlPs.Commands;

/// <summary>What all of the module's cmdlets share: the session's pipelines, stopping, and errors.</summary>
public abstract class EtlCommand : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private bool _disposed;

    private protected CancellationToken StopToken => _stopping.Token;

    private protected PipelineRegistry Registry => PipelineRegistry.Of(MyInvocation.MyCommand.Module);

    private protected bool IsWhatIf =>
        MyInvocation.BoundParameters.TryGetValue("WhatIf", out var given)
            ? LanguagePrimitives.IsTrue(given)
            : LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference"));

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of the stop signal.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (_disposed)
            return;
        _disposed = true;
        _stopping.Dispose();
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        // Called from another thread; the pipeline thread waits for the engine and ends by itself.
        if (!_disposed)
            _stopping.Cancel();
    }

    /// <summary>Waits on the pipeline thread for something short that tells no events.</summary>
    private protected T Await<T>(Func<CancellationToken, Task<T>> work, object? target) =>
        Guard(() => Pump.Run((_, cancellationToken) => work(cancellationToken), static _ => { }, StopToken), target);

    /// <summary>The same where what goes wrong is the error of one object among others.</summary>
    private protected bool TryAwait<T>(
        Func<CancellationToken, Task<T>> work, object? target, [MaybeNullWhen(false)] out T result)
    {
        try
        {
            result = Pump.Run((_, cancellationToken) => work(cancellationToken), static _ => { }, StopToken);
            return true;
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception failure) when (IsOwn(failure))
        {
            WriteError(EtlErrors.Record(failure, target));
            result = default;
            return false;
        }
    }

    /// <summary>Says what would be done, and returns the plan.</summary>
    private protected void Preview(PipelinePlan plan)
    {
        foreach (var effect in plan.Effects)
            Ask(effect);
        WriteObject(new EtlPlan(plan));
    }

    /// <summary>Asks whether an effect may be, and shows its statement to whoever wants to see it.</summary>
    private protected bool Ask(PlannedEffect effect)
    {
        if (effect.Statement is { } statement)
            WriteVerbose(statement);
        return ShouldProcess(effect.Target, effect.Action);
    }

    /// <summary>
    /// Whether it went wrong here. What the pipeline behind a cmdlet throws at it is not its own: an error, a stop, and
    /// also <c>break</c> and <c>continue</c>, which go on up to the loop around.
    /// </summary>
    private protected static bool IsOwn(Exception failure) =>
        failure is not (PipelineStoppedException or RuntimeException or FlowControlException);

    /// <summary>What goes wrong inside ends the cmdlet with a typed error.</summary>
    private protected T Guard<T>(Func<T> work, object? target)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception failure) when (IsOwn(failure))
        {
            ThrowTerminatingError(EtlErrors.Record(failure, target));
            throw;
        }
    }
}
