//! What the application counts, for those who operate it (ADR-038).

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// The meters of the application. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Meters {
    /// Transactions that were run again after a lost race.
    pub(crate) reruns: Counter,
}

impl Meters {
    /// Enters them into a registry, whose prefix tells whose they are.
    pub fn register(&self, registry: &mut Registry) {
        let help = "Transactions run again after a deadlock, a serialisation failure or a lost unique key";
        registry.register("transaction_reruns", help, self.reruns.clone());
    }
}
