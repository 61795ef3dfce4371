//! What became of commands that carry a key.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::commands::Command;
use crate::problem::Code;

/// What any of them may meet, besides the refusals of its use case.
const OF_ALL: [Code; 4] =
    [Code::ValidationFailed, Code::IdempotencyKeyReused, Code::Unavailable, Code::Internal];

/// The meters of all commands. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct CommandMeters {
    all: Outcomes,
    meters: Arc<[CommandMeter; Command::ALL.len()]>,
}

/// The meters of one kind of command.
#[derive(Debug)]
pub(crate) struct CommandMeter {
    kind: &'static str,
    accepted: Counter,
    replayed: Counter,
    refused: Vec<(Code, Counter)>,
    all: Outcomes,
}

type Outcomes = Family<Outcome, Counter>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    kind: &'static str,
    outcome: &'static str,
}

impl CommandMeters {
    /// Nothing has become of any.
    pub(super) fn new() -> Self {
        let all = Outcomes::default();
        let meters = Command::ALL.map(|command| CommandMeter::new(command, &all));
        Self { all, meters: Arc::new(meters) }
    }

    /// Those of one kind.
    pub(crate) fn of(&self, command: Command) -> &CommandMeter {
        &self.meters[command as usize]
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Commands that carry a key, by what became of them: \"accepted\", \"replayed\", or a problem's code";
        registry.register("commands", help, self.all.clone());
    }
}

impl CommandMeter {
    fn new(command: Command, all: &Outcomes) -> Self {
        let kind = command.name();
        let meter = |outcome| all.get_or_create_owned(&Outcome { kind, outcome });
        let codes = command.refusals().iter().chain(&OF_ALL).copied();
        Self {
            kind,
            accepted: meter("accepted"),
            replayed: meter("replayed"),
            refused: codes.map(|code| (code, meter(code.entry().name))).collect(),
            all: all.clone(),
        }
    }

    /// Counts one that took effect.
    pub(crate) fn accepted(&self) {
        self.accepted.inc();
    }

    /// Counts one that got the answer which it had got before.
    pub(crate) fn replayed(&self) {
        self.replayed.inc();
    }

    /// Counts one that was answered with a problem.
    pub(crate) fn refused(&self, code: Code) {
        if let Some((_, meter)) = self.refused.iter().find(|(known, _)| *known == code) {
            meter.inc();
        } else {
            self.all.get_or_create(&Outcome { kind: self.kind, outcome: code.entry().name }).inc();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_the_meter_of_its_name() {
        let meters = CommandMeters::new();
        for command in Command::ALL {
            assert_eq!(meters.of(command).kind, command.name());
        }
    }
}
