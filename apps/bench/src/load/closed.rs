//! The closed loop: every connection asks again as soon as it is answered.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

use super::course::{Timing, follow};
use super::tally::{Measured, Phase, Tally};
use super::{Progress, Visitor};
use crate::clock;
use crate::http::Connection;
use crate::usage::Watched;

/// How long requests under way get to end when the measurement is over.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How long a connection pauses that was lost.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

/// Loads the server with one connection a visitor. When it returns, no request is under way.
pub(crate) async fn run<V: Visitor>(
    address: SocketAddr,
    watched: Watched,
    visitors: Vec<V>,
    timing: Timing,
) -> Result<Measured> {
    let tally = Rc::new(Tally::new()?);
    LocalSet::new()
        .run_until(async {
            let mut visits = JoinSet::new();
            for visitor in visitors {
                let mut connection = Connection::to(address);
                connection.open().await.context("the server takes no connection")?;
                visits.spawn_local(visit(connection, visitor, Rc::clone(&tally)));
            }
            sleep(timing.warm_up).await;
            let (from, before) = (clock::now(), watched.usage()?);
            tally.phase.set(Phase::Measuring);
            let course = follow(timing, from, watched, &tally).await?;
            tally.phase.set(Phase::Over);
            let (duration, usage) = (from.elapsed(), watched.usage()? - before);
            let ended = timeout(PATIENCE, async {
                while let Some(visit) = visits.join_next().await {
                    visit.context("a visitor failed")??;
                }
                anyhow::Ok(())
            });
            ended.await.context("requests hang that should have ended long ago")??;
            Ok(Measured { course, ..tally.result(duration, usage) })
        })
        .await
}

async fn visit<V: Visitor>(mut connection: Connection, mut visitor: V, tally: Rc<Tally>) -> Result<()> {
    let mut request = Vec::with_capacity(2 * 1024);
    let mut from = clock::now();
    let mut begins = true;
    while tally.phase.get() != Phase::Over {
        request.clear();
        if !visitor.ask(&mut request) {
            break;
        }
        if begins {
            from = clock::now();
        }
        let progress = match connection.exchange(&request).await {
            Ok(answer) => {
                tally.answered(answer.status);
                visitor.hear(answer)?
            }
            Err(error) => {
                tally.lost(format!("{error:#}"));
                visitor.forget();
                sleep(PAUSE).await;
                Progress::Refused
            }
        };
        begins = progress != Progress::Goes;
        if progress == Progress::Done {
            tally.done(from.elapsed());
        }
        let rest = if begins { visitor.rest() } else { Duration::ZERO };
        if !rest.is_zero() {
            sleep(rest).await;
        }
    }
    Ok(())
}
