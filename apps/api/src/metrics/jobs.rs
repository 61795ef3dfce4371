//! How often jobs ran, and how that ended.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What the server does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Delivers events.
    RelayEvents,
    /// Deletes old stored answers.
    ForgetAnswers,
    /// Lets unpaid orders expire.
    ExpireOrders,
    /// Writes expired points off.
    ExpirePoints,
    /// Counts sales for the rankings.
    CountSales,
}

/// The meters of jobs. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct JobMeters(Family<Run, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Run {
    /// Prometheus has a label `job` of its own.
    task: &'static str,
    outcome: &'static str,
}

impl Job {
    const ALL: [Self; 5] =
        [Self::RelayEvents, Self::ForgetAnswers, Self::ExpireOrders, Self::ExpirePoints, Self::CountSales];

    const fn name(self) -> &'static str {
        match self {
            Self::RelayEvents => "relay_events",
            Self::ForgetAnswers => "forget_answers",
            Self::ExpireOrders => "expire_orders",
            Self::ExpirePoints => "expire_points",
            Self::CountSales => "count_sales",
        }
    }
}

impl Run {
    const fn of(job: Job, done: bool) -> Self {
        Self { task: job.name(), outcome: if done { "done" } else { "failed" } }
    }
}

impl JobMeters {
    /// All jobs, none of which has run.
    pub(super) fn new() -> Self {
        let runs = Family::<Run, Counter>::default();
        for (job, done) in Job::ALL.into_iter().flat_map(|job| [(job, true), (job, false)]) {
            let _ = runs.get_or_create_owned(&Run::of(job, done));
        }
        Self(runs)
    }

    /// Counts a run of a job.
    pub(crate) fn ran<T, E>(&self, job: Job, outcome: &Result<T, E>) {
        self.0.get_or_create(&Run::of(job, outcome.is_ok())).inc();
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Runs of background jobs; a run that failed is repeated";
        registry.register("job_runs", help, self.0.clone());
    }
}
