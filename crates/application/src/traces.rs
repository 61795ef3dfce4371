//! The way of a command, for those who look at traces (ADR-047). Where nobody does, none of these spans is made.

use tracing::{Span, info_span};

/// The target of spans that are for traces and not for a log.
pub const TRACE_TARGET: &str = "jangteo_trace";

/// A command on its way: from when it is handed in until it has its verdict.
#[derive(Debug)]
pub(crate) struct Way {
    command: Span,
    queue: Span,
}

impl Way {
    /// A command of this kind is handed in, and waits.
    pub(crate) fn begin(kind: &'static str) -> Self {
        let command = info_span!(target: TRACE_TARGET, "command", span.name = kind);
        let queue = info_span!(target: TRACE_TARGET, parent: &command, "queue");
        Self { command, queue }
    }

    /// It is taken out of the queue. What is left ends with its verdict.
    pub(crate) fn taken(self) -> Span {
        drop(self.queue);
        self.command
    }
}

/// A set that carries these commands, of which there is at least one. It is under the first, and it and the others lead to each
/// other: a span has one parent.
pub(crate) fn set_span(kind: &'static str, commands: &[Span]) -> Span {
    let set = info_span!(target: TRACE_TARGET, parent: None, "set", kind, commands = commands.len());
    if !set.is_disabled() {
        for (position, command) in commands.iter().enumerate() {
            set.follows_from(command);
            if position > 0 {
                command.follows_from(&set);
            }
        }
    }
    set
}

/// One try at deciding a set.
pub(crate) fn transaction_span() -> Span {
    info_span!(target: TRACE_TARGET, "transaction")
}

/// What a transaction does between its beginning and its commit.
pub(crate) fn decide_span() -> Span {
    info_span!(target: TRACE_TARGET, "decide")
}
