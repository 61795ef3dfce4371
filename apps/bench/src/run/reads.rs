//! R1 to R3: reads. Those of answers that are kept ready stand beside a bare handler that sends the same bytes.

use std::rc::Rc;

use anyhow::{Context as _, Result};

use super::stage::{Stage, failed};
use crate::http::Connection;
use crate::limits::Bare;
use crate::load::Measured;
use crate::options::Workload;
use crate::random::Random;
use crate::report::Report;
use crate::work::{Question, Reading};

/// How many connections read at once.
const CONNECTIONS: usize = 64;

/// How many products are asked for: those that everybody looks at. An answer is kept for a second.
const PRODUCTS: usize = 100;

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Product,
    Catalogue,
    OwnOrders,
}

impl Read {
    /// What is asked for.
    fn questions(self, stage: &Stage<'_>) -> Rc<Vec<Question>> {
        Rc::new(match self {
            Self::Product => Question::products(&stage.world, PRODUCTS),
            Self::Catalogue => vec![Question::catalogue()],
            Self::OwnOrders => Question::own_orders(&stage.world),
        })
    }
}

pub(super) async fn run(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    for (workload, name, read) in [(Workload::R1, "R1", Read::Product), (Workload::R2, "R2", Read::Catalogue)]
    {
        if stage.options.wants(workload) {
            beside_a_bare_handler(stage, name, read, report).await?;
        }
    }
    if stage.options.wants(Workload::R3) {
        let measured = measure(stage, "R3", Read::OwnOrders).await?;
        report.loads.push(("R3".to_owned(), measured));
    }
    Ok(())
}

/// Reads from a copy of the shop, in which people have ordered before if that is what they read.
pub(super) async fn measure(stage: &Stage<'_>, name: &str, read: Read) -> Result<Measured> {
    let (shop, server) = match read {
        Read::OwnOrders => stage.open_with_history().await?,
        Read::Product | Read::Catalogue => stage.open(&[]).await?,
    };
    let measured = stage.load(name, &server, visitors(stage, read), stage.timing()).await?;
    server.stop().with_context(|| failed(name))?;
    shop.database.discard()?;
    Ok(measured)
}

async fn beside_a_bare_handler(stage: &Stage<'_>, name: &str, read: Read, report: &mut Report) -> Result<()> {
    let (shop, server) = stage.open(&[]).await?;
    let measured = stage.load(name, &server, visitors(stage, read), stage.timing()).await?;
    let questions = read.questions(stage);
    let bare = {
        let mut connection = Connection::to(server.address);
        let answer = connection.exchange(&questions[0].request).await?;
        Bare::start(answer.head, answer.body)?
    };
    server.stop().with_context(|| failed(name))?;
    shop.database.discard()?;
    report.loads.push((name.to_owned(), measured));
    let name = format!("{name} bare");
    let visitors = asking(stage, &questions, false);
    let measured = stage.load(&name, &bare.running, visitors, stage.timing()).await?;
    report.loads.push((name, measured));
    Ok(())
}

/// Those who read this from a shop.
pub(super) fn visitors(stage: &Stage<'_>, read: Read) -> Vec<Reading> {
    asking(stage, &read.questions(stage), true)
}

fn asking(stage: &Stage<'_>, questions: &Rc<Vec<Question>>, checks: bool) -> Vec<Reading> {
    let random = |stream| Random::new(stage.options.seed, stream);
    (0..CONNECTIONS).map(|stream| Reading::new(Rc::clone(questions), random(stream), checks)).collect()
}
