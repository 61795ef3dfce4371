//! Every operation, as nobody, as another customer, as the owner and as an administrator (ADR-041).
//!
//! What each of them gets stands in a table. What is served and has no row there fails, and so does a row of something
//! that is not served.

mod credentials;
mod table;
mod things;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::table::{BESIDES, FORBIDDEN, Gets, LOG_IN, ROWS, Row};
use self::things::Things;
use crate::support::{Api, Person, Reply, Server};

/// In the order of the table.
const CALLERS: [&str; 4] = ["nobody", "another customer", "the owner", "an administrator"];
const OWNER: usize = 2;
const ADMIN: usize = 3;

/// The operations of the document, each with its description.
async fn operations(server: &Server) -> Vec<((String, String), Value)> {
    let document = server.api().get("//openapi.json").await.is(200).body;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(((method.to_uppercase(), path.clone()), operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn every_operation_has_a_row_and_every_row_an_operation() {
    let served: BTreeSet<_> =
        operations(&Server::start()).await.into_iter().map(|(operation, _)| operation).collect();
    let walked: BTreeSet<_> = ROWS.iter().map(Row::operation).collect();
    let unknown: Vec<_> = served.difference(&walked).collect();
    assert!(unknown.is_empty(), "served, and no row says who may call: {unknown:?}");
    let gone: Vec<_> = walked.difference(&served).collect();
    assert!(gone.is_empty(), "in the table, and not served: {gone:?}");
}

/// The document's word is that of the handlers' types, the table's is the specification's.
#[tokio::test]
async fn the_document_says_who_may_call() {
    for (name, operation) in operations(&Server::start()).await {
        let rows: Vec<&Row> = ROWS.iter().filter(|row| row.operation() == name).collect();
        let needs_a_log_in = rows.iter().all(|row| row.gets[0] == LOG_IN);
        let refuses_customers = |row: &&Row| row.gets[1] == FORBIDDEN && row.gets[OWNER] == FORBIDDEN;
        let expected = match (needs_a_log_in, rows.iter().all(refuses_customers)) {
            (false, _) => Value::Null,
            (true, false) => json!([{ "bearer": [] }]),
            (true, true) => json!([{ "bearer": ["ADMIN"] }]),
        };
        assert_eq!(operation["security"], expected, "{name:?}");
        let says_403 = operation["responses"].get("403").is_some();
        assert_eq!(says_403, rows.iter().any(|row| row.gets.contains(&FORBIDDEN)), "{name:?}");
    }
}

#[tokio::test]
async fn everybody_gets_what_is_theirs_and_nothing_else() {
    let server = Server::start();
    let (keeper, admin) = (server.admin().await, server.admin().await);
    let walk = Arc::new(Walk { server, keeper, admin });
    let shared = walk.things().await;
    let unread = shared.state().await;
    let mut writers = JoinSet::new();
    let mut faults = Vec::new();
    for row in ROWS.iter().chain(BESIDES) {
        if row.only_reads() {
            faults.extend(walk.take(row, &shared, 0..=ADMIN).await);
        } else {
            let walk = Arc::clone(&walk);
            writers.spawn(async move {
                // Nobody and the other customer come first: what they did not use up is there for the owner.
                let faults = walk.take(row, &walk.things().await, 0..=OWNER).await;
                [faults, walk.take(row, &walk.things().await, ADMIN..=ADMIN).await].concat()
            });
        }
    }
    faults.extend(writers.join_all().await.concat());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(shared.state().await, unread, "somebody has changed something by reading");
    walk.server.adds_up();
}

/// Who walks, and where.
struct Walk {
    server: Server,
    /// Makes what only administrators make, and does not walk.
    keeper: Person,
    admin: Person,
}

impl Walk {
    /// Things that nobody has touched.
    async fn things(&self) -> Things {
        Things::new(&self.server, &self.keeper).await
    }

    /// Asks as these callers, and tells what is not as the table says.
    async fn take(&self, row: &Row, things: &Things, callers: RangeInclusive<usize>) -> Vec<String> {
        let mut faults = Vec::new();
        let before = if row.only_reads() { None } else { Some(things.state().await) };
        for caller in callers {
            let gets = row.gets[caller];
            let reply = row.ask(&self.caller(row, caller, things).await, things).await;
            let mut fault = |text: &str| {
                faults.push(format!("{} as {}: {text}: {}", reply.request, CALLERS[caller], reply.text));
            };
            if !is(&reply, gets) {
                fault(&format!("{} instead of {gets:?}", reply.status));
            }
            let stranger = caller < OWNER;
            if stranger && let Some(secret) = things.told_in(&reply.text) {
                fault(&format!("tells {secret}"));
            }
            let kept_out = stranger || matches!(gets, Gets::Refused(..));
            if let Some(before) = before.as_ref().filter(|_| kept_out)
                && things.state().await != *before
            {
                fault("changes what is the owner's");
            }
        }
        faults
    }

    async fn caller(&self, row: &Row, caller: usize, things: &Things) -> Api {
        match caller {
            0 => self.server.api(),
            1 => Api::clone(&things.other),
            OWNER => Api::clone(&things.owner),
            _ if row.ends_its_caller() => {
                let doomed = self.server.admin().await;
                Api::clone(&doomed)
            }
            _ => Api::clone(&self.admin),
        }
    }
}

fn is(reply: &Reply, gets: Gets) -> bool {
    match gets {
        Gets::In(status) => reply.status == status,
        Gets::Refused(status, code) => reply.status == status && reply.body["code"] == code,
    }
}
