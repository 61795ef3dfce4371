//! What the server does by itself now and then.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::task::JoinHandle;
use jangteo_application::{count_sales, expire_due_orders, expire_due_points, forget_old_answers};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Settings;
use crate::metrics::Job;
use crate::relay;
use crate::shop::Shop;

const SWEEP_EVERY: Duration = Duration::from_mins(10);
const EXPIRE_EVERY: Duration = Duration::from_secs(1);
/// Nobody waits for it: expired points cannot be spent, written off or not.
const EXPIRE_POINTS_EVERY: Duration = Duration::from_mins(1);
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// The jobs that run.
#[derive(Debug)]
pub(crate) struct Jobs {
    /// Those that stop when they are told to.
    told: Vec<JoinHandle<()>>,
    /// Those that may stop anywhere: what they have begun and not committed is undone.
    cut_off: Vec<JoinHandle<()>>,
    stopping: watch::Sender<bool>,
}

/// Starts the jobs, unless this instance is to run none, and what keeps instances at one.
pub(crate) fn start(settings: &Settings, shop: Arc<Shop>) -> Jobs {
    let (stopping, watched) = watch::channel(false);
    let mut jobs = Jobs { told: Vec::new(), cut_off: Vec::new(), stopping };
    // These are no work of the shop's but part of answering: every instance has to hear and to be heard.
    let (hearing, telling) = (Arc::clone(&shop), Arc::clone(&shop));
    jobs.cut_off.push(actix_web::rt::spawn(async move { hearing.kept.listen().await }));
    jobs.cut_off.push(actix_web::rt::spawn(async move { telling.kept.tell().await }));
    if settings.jobs {
        jobs.told.push(actix_web::rt::spawn(relay::run(Arc::clone(&shop), watched)));
        jobs.cut_off.push(actix_web::rt::spawn(sweep(Arc::clone(&shop))));
        jobs.cut_off.push(actix_web::rt::spawn(expire(Arc::clone(&shop))));
        jobs.cut_off.push(actix_web::rt::spawn(expire_points(Arc::clone(&shop))));
        jobs.cut_off.push(actix_web::rt::spawn(count(shop)));
    }
    jobs
}

impl Jobs {
    /// Ends the jobs. After that none of them uses the storage.
    pub(crate) async fn stop(self) {
        self.stopping.send_replace(true);
        for job in self.cut_off {
            job.abort();
            // It was just told to end.
            let _ = job.await;
        }
        for job in self.told {
            if let Err(error) = job.await {
                tracing::warn!(%error, "a job did not end in order");
            }
        }
    }
}

/// Deletes stored answers that are old enough. Instances may do so at the same time.
async fn sweep(shop: Arc<Shop>) {
    let mut ticks = interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let outcome = forget_old_answers(&shop.storage, &shop.sources).await;
        shop.meters.jobs.ran(Job::ForgetAnswers, &outcome);
        match outcome {
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
        let outcome = expire_due_orders(&shop.storage, &shop.sources).await;
        shop.meters.jobs.ran(Job::ExpireOrders, &outcome);
        match outcome {
            Ok(0) => {}
            Ok(expired) => tracing::info!(expired, "unpaid orders have expired"),
            Err(error) => tracing::warn!(%error, "unpaid orders could not expire; trying again soon"),
        }
    }
}

/// Writes off points that have expired. Instances may do so at the same time.
async fn expire_points(shop: Arc<Shop>) {
    let mut ticks = interval(EXPIRE_POINTS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let outcome = expire_due_points(&shop.storage, &shop.sources).await;
        shop.meters.jobs.ran(Job::ExpirePoints, &outcome);
        match outcome {
            Ok(0) => {}
            Ok(expired) => tracing::info!(expired, "point lots have expired"),
            Err(error) => tracing::warn!(%error, "points could not expire; trying again later"),
        }
    }
}

/// Counts sales for the rankings. Instances may do so at the same time.
async fn count(shop: Arc<Shop>) {
    let mut ticks = interval(COUNT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let outcome = count_sales(&shop.storage, &shop.sources, shop.zone).await;
        shop.meters.jobs.ran(Job::CountSales, &outcome);
        match outcome {
            Ok(0) => {}
            Ok(counted) => tracing::debug!(counted, "sales were counted"),
            Err(error) => tracing::warn!(%error, "sales could not be counted; trying again soon"),
        }
    }
}
