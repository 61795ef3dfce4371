//! What the gate in front of claims said (ADR-019).

use jangteo_coupon::Admission;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// The meters of the gate. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct GateMeters {
    all: Family<Said, Counter>,
    inside: Counter,
    unguarded: Counter,
    passed_by: Counter,
    full: Counter,
    already_claimed: Counter,
    sold_out: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Said {
    said: &'static str,
}

impl GateMeters {
    /// Nobody has come yet.
    pub(super) fn new() -> Self {
        let all = Family::<Said, Counter>::default();
        let meter = |said| all.get_or_create_owned(&Said { said });
        Self {
            inside: meter("inside"),
            unguarded: meter("unguarded"),
            passed_by: meter("passed_by"),
            full: meter("full"),
            already_claimed: meter("already_claimed"),
            sold_out: meter("sold_out"),
            all,
        }
    }

    /// Counts what was said to a claim. Whoever is let in has a place, unless the gate had no memory to count in.
    pub(crate) fn said<Pass>(&self, admission: &Admission<Pass>, has_place: impl FnOnce(&Pass) -> bool) {
        let meter = match admission {
            Admission::Inside(pass) if has_place(pass) => &self.inside,
            Admission::Inside(_) => &self.unguarded,
            Admission::Full => &self.full,
            Admission::AlreadyClaimed => &self.already_claimed,
            Admission::SoldOut => &self.sold_out,
        };
        meter.inc();
    }

    /// Counts a claim that was told often enough that the house is full, and goes in all the same.
    pub(crate) fn passed_by(&self) {
        self.passed_by.inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help =
            "What the gate of claims said; \"unguarded\" went to the database because the gate had no memory";
        registry.register("claim_gate_answers", help, self.all.clone());
    }
}
