//! Where answers that may be kept were found (ADR-034).

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// The meters of kept answers. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct KeptMeters {
    all: Family<Source, Counter>,
    /// Found in the process.
    pub(crate) process: Counter,
    /// Waited for, because somebody was about to make it.
    pub(crate) waited: Counter,
    /// Found in Redis.
    pub(crate) redis: Counter,
    /// Made from the database.
    pub(crate) database: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: &'static str,
}

impl KeptMeters {
    /// Nobody has asked yet.
    pub(crate) fn new() -> Self {
        let all = Family::<Source, Counter>::default();
        let meter = |source| all.get_or_create_owned(&Source { source });
        Self {
            process: meter("process"),
            waited: meter("waited"),
            redis: meter("redis"),
            database: meter("database"),
            all,
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Answers that may be kept, by where they were found";
        registry.register("kept_answers", help, self.all.clone());
    }
}
