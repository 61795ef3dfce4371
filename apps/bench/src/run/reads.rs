//! R1 and R2: reads, each beside a bare handler that sends the same bytes.

use std::rc::Rc;

use anyhow::Result;

use super::stage::Stage;
use crate::http::Connection;
use crate::limits::Bare;
use crate::options::Workload;
use crate::random::Random;
use crate::report::Report;
use crate::work::{Question, Reading};

/// How many connections read at once.
const CONNECTIONS: usize = 64;

/// How many products are asked for: those that everybody looks at. An answer is kept for a second.
const PRODUCTS: usize = 100;

pub(super) async fn run(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    let questions = [
        (Workload::R1, "R1", Question::products(&stage.world, PRODUCTS)),
        (Workload::R2, "R2", Question::catalogue()),
    ];
    for (workload, name, questions) in questions {
        if !stage.options.wants(workload) {
            continue;
        }
        let questions = Rc::new(questions);
        let visitors = |checks| {
            let random = |stream| Random::new(stage.options.seed, stream);
            (0..CONNECTIONS)
                .map(|stream| Reading::new(Rc::clone(&questions), random(stream), checks))
                .collect()
        };
        let (shop, server) = stage.open(&[]).await?;
        let measured = stage.load(name, &server, visitors(true), stage.timing()).await?;
        let bare = {
            let mut connection = Connection::to(server.address);
            let answer = connection.exchange(&questions[0].request).await?;
            Bare::start(answer.head, answer.body)?
        };
        server.stop()?;
        shop.database.discard()?;
        report.loads.push((name.to_owned(), measured));
        let name = format!("{name} bare");
        let measured = stage.load(&name, &bare.running, visitors(false), stage.timing()).await?;
        report.loads.push((name, measured));
    }
    Ok(())
}
