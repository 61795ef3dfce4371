//! What the server does by itself now and then.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::task::JoinHandle;
use jangteo_application::{expire_due_orders, forget_old_answers};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Settings;
use crate::shop::Shop;

const SWEEP_EVERY: Duration = Duration::from_mins(10);
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

/// The jobs that run.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Vec<JoinHandle<()>>);

/// Starts the jobs, unless this instance is to run none.
pub(crate) fn start(settings: &Settings, shop: Arc<Shop>) -> Jobs {
    if !settings.jobs {
        return Jobs::default();
    }
    Jobs(vec![actix_web::rt::spawn(sweep(Arc::clone(&shop))), actix_web::rt::spawn(expire(shop))])
}

impl Jobs {
    /// Ends the jobs. What they have begun and not committed is undone.
    pub(crate) async fn stop(self) {
        for job in self.0 {
            job.abort();
            // It was just told to end.
            let _ = job.await;
        }
    }
}

/// Deletes stored answers that are old enough. Instances may do so at the same time.
async fn sweep(shop: Arc<Shop>) {
    let mut ticks = interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match forget_old_answers(&shop.storage, &shop.sources).await {
            Ok(0) => tracing::debug!("no stored answer is old enough to be deleted"),
            Ok(forgotten) => tracing::info!(forgotten, "deleted old stored answers"),
            Err(error) => tracing::warn!(%error, "stored answers could not be deleted; trying again later"),
        }
    }
}

/// Lets unpaid orders expire. Instances may do so at the same time.
async fn expire(shop: Arc<Shop>) {
    let mut ticks = interval(EXPIRE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match expire_due_orders(&shop.storage, &shop.sources).await {
            Ok(0) => {}
            Ok(expired) => tracing::info!(expired, "unpaid orders have expired"),
            Err(error) => tracing::warn!(%error, "unpaid orders could not expire; trying again soon"),
        }
    }
}
