//! The open loop: requests are sent when they are due, as people do who know nothing of each other. Latency counts from
//! then, so that a server that stalls cannot hide it by keeping others from asking (coordinated omission).

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

use super::closed::{PATIENCE, PAUSE};
use super::course::{Timing, follow};
use super::tally::{Measured, Phase, Punctuality, Tally};
use super::{Progress, Visitor};
use crate::clock;
use crate::http::Connection;
use crate::usage::Watched;

/// Later than this a request counts as late.
const LATE: Duration = Duration::from_millis(5);

/// Later than this it is not sent any more.
const TOO_LATE: Duration = Duration::from_secs(1);

/// When requests are due: one after the other, at the same distance.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    rate: f64,
    warm_up: u64,
    all: u64,
}

impl Schedule {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate times some seconds is a count"
    )]
    fn new(rate: f64, timing: Timing) -> Self {
        let count = |time: Duration| (rate * time.as_secs_f64()) as u64;
        Self { rate, warm_up: count(timing.warm_up), all: count(timing.warm_up + timing.measured) }
    }

    /// How long after the beginning a request is due.
    fn due(&self, number: u64) -> Duration {
        Duration::from_secs_f64(number as f64 / self.rate)
    }

    fn is_measured(&self, number: u64) -> bool {
        number >= self.warm_up
    }
}

/// What the connections share.
struct Line {
    schedule: Schedule,
    from: Instant,
    due: Mutex<UnboundedReceiver<u64>>,
    tally: Tally,
    late: Cell<u64>,
    dropped: Cell<u64>,
}

/// Sends so many requests a second over as many connections as there are visitors.
pub(crate) async fn run<V: Visitor>(
    address: SocketAddr,
    watched: Watched,
    visitors: Vec<V>,
    rate: f64,
    timing: Timing,
) -> Result<Measured> {
    let schedule = Schedule::new(rate, timing);
    let mut connections = Vec::with_capacity(visitors.len());
    for visitor in visitors {
        let mut connection = Connection::to(address);
        connection.open().await.context("the server takes no connection")?;
        connections.push((connection, visitor));
    }
    let (from, due) = pace(schedule);
    let line = Rc::new(Line {
        schedule,
        from,
        due: Mutex::new(due),
        tally: Tally::new()?,
        late: Cell::new(0),
        dropped: Cell::new(0),
    });
    line.tally.phase.set(Phase::Measuring);
    LocalSet::new()
        .run_until(async {
            let mut visits = JoinSet::new();
            for (connection, visitor) in connections {
                visits.spawn_local(visit(connection, visitor, Rc::clone(&line)));
            }
            sleep(timing.warm_up.saturating_sub(from.elapsed())).await;
            let before = watched.usage()?;
            let course = follow(timing, from + timing.warm_up, watched, &line.tally).await?;
            let usage = watched.usage()? - before;
            let ended = timeout(PATIENCE, async {
                while let Some(visit) = visits.join_next().await {
                    visit.context("a visitor failed")??;
                }
                anyhow::Ok(())
            });
            ended.await.context("requests hang that should have ended long ago")??;
            let punctuality = Some(Punctuality {
                due: schedule.all - schedule.warm_up,
                late: line.late.get(),
                dropped: line.dropped.get(),
            });
            let measured = line.tally.result(timing.measured, usage);
            println!("    {:>9} of {} done", measured.done, schedule.all - schedule.warm_up);
            Ok(Measured { course, punctuality, ..measured })
        })
        .await
}

/// Tells when requests are due. A thread of its own sleeps far more exactly than the timers of tokio.
fn pace(schedule: Schedule) -> (Instant, UnboundedReceiver<u64>) {
    let (sender, receiver) = unbounded_channel();
    let from = clock::now();
    thread::spawn(move || {
        for number in 0..schedule.all {
            thread::sleep(schedule.due(number).saturating_sub(from.elapsed()));
            if sender.send(number).is_err() {
                break;
            }
        }
    });
    (from, receiver)
}

async fn visit<V: Visitor>(mut connection: Connection, mut visitor: V, line: Rc<Line>) -> Result<()> {
    let mut request = Vec::with_capacity(2 * 1024);
    loop {
        let Some(number) = line.due.lock().await.recv().await else { return Ok(()) };
        let measured = line.schedule.is_measured(number);
        let due = line.from + line.schedule.due(number);
        let late = due.elapsed();
        if measured && late > LATE {
            let count = if late > TOO_LATE { &line.dropped } else { &line.late };
            count.set(count.get() + 1);
        }
        let mut goes = late <= TOO_LATE;
        while goes {
            request.clear();
            visitor.ask(&mut request);
            let progress = match connection.exchange(&request).await {
                Ok(answer) => {
                    if measured {
                        line.tally.answered(answer.status);
                    }
                    visitor.hear(answer)?
                }
                Err(error) => {
                    line.tally.lost(format!("{error:#}"));
                    visitor.forget();
                    sleep(PAUSE).await;
                    Progress::Refused
                }
            };
            if measured && progress == Progress::Done {
                line.tally.done(due.elapsed());
            }
            goes = progress == Progress::Goes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_the_same_distance() {
        let timing = Timing::new(Duration::from_secs(1), Duration::from_secs(2));
        let schedule = Schedule::new(1_000.0, timing);
        assert_eq!((schedule.warm_up, schedule.all), (1_000, 3_000));
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(1_500), Duration::from_millis(1_500));
        assert!(!schedule.is_measured(999) && schedule.is_measured(1_000));
    }
}
