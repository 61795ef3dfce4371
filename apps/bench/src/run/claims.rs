//! W4: claims of coupons, while there are some and after that, with the gate in the process and with Redis.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jangteo_test_services::RedisServer;
use serde_json::{Value, json};

use super::stage::{Stage, failed};
use crate::check;
use crate::http::Connection;
use crate::load::Timing;
use crate::options::Workload;
use crate::report::Report;
use crate::shop::Running;
use crate::work::{ClaimBook, Claiming};

/// Coupons are made for so many claims a second, which is more than is claimed.
const PLENTY: u64 = 30_000;

pub(super) async fn run(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    if !stage.options.wants(Workload::W4) {
        return Ok(());
    }
    let redis = RedisServer::start();
    let url = redis.url();
    let shared = [("JANGTEO__REDIS__URL", url.as_str())];
    for (gate, variables) in [("gate in process", &[][..]), ("gate in Redis", &shared)] {
        granted(stage, &format!("W4 granted, {gate}"), variables, report).await?;
        refused(stage, &format!("W4 refused, {gate}"), variables, report).await?;
        redis.execute(&["FLUSHALL"])?;
    }
    Ok(())
}

/// Everybody claims a coupon of each campaign, one campaign after the other: the latest is always hot.
async fn granted(
    stage: &Stage<'_>,
    name: &str,
    variables: &[(&str, &str)],
    report: &mut Report,
) -> Result<()> {
    let (shop, server) = stage.open(variables).await?;
    let Timing { warm_up, measured, .. } = stage.timing();
    let claims = (warm_up + measured + Duration::from_secs(1)).as_secs() * PLENTY;
    let people = stage.world.buyers.len();
    let campaigns = usize::try_from(claims)? / people + 1;
    let mut ids = Vec::new();
    for _ in 0..campaigns {
        ids.push(campaign(stage, &server, people).await?);
    }
    let book = Rc::new(ClaimBook::granting(&stage.world, &ids));
    let visitors = (0..stage.options.connections).map(|_| Claiming::new(Rc::clone(&book))).collect();
    let measured = stage.load(name, &server, visitors, stage.timing()).await?;
    ensure!(!book.is_used_up(), "{name}: there were too few coupons to claim all the time");
    server.stop().with_context(|| failed(name))?;
    let granted = book.granted.take();
    check::claims(&shop.database, &granted, measured.lost).await.with_context(|| failed(name))?;
    shop.audit().with_context(|| failed(name))?;
    println!("  All {} coupons are there, and the audit is clean.", granted.len());
    shop.database.discard()?;
    report.loads.push((name.to_owned(), measured));
    Ok(())
}

/// There was one coupon, and it is gone.
async fn refused(
    stage: &Stage<'_>,
    name: &str,
    variables: &[(&str, &str)],
    report: &mut Report,
) -> Result<()> {
    let (shop, server) = stage.open(variables).await?;
    let id = campaign(stage, &server, 1).await?;
    let book = Rc::new(ClaimBook::granting(&stage.world, std::slice::from_ref(&id)));
    Claiming::new(Rc::clone(&book)).claim_once(&mut Connection::to(server.address)).await?;
    let granted = book.granted.take();
    let book = Rc::new(ClaimBook::refusing(&stage.world, &id));
    let visitors = (0..stage.options.connections).map(|_| Claiming::new(Rc::clone(&book))).collect();
    let measured = stage.load(name, &server, visitors, stage.timing()).await?;
    server.stop().with_context(|| failed(name))?;
    check::claims(&shop.database, &granted, 0).await.with_context(|| failed(name))?;
    shop.audit().with_context(|| failed(name))?;
    println!("  There is still one coupon, and the audit is clean.");
    shop.database.discard()?;
    report.loads.push((name.to_owned(), measured));
    Ok(())
}

/// A campaign with so many coupons; gives its id.
async fn campaign(stage: &Stage<'_>, server: &Running, coupons: usize) -> Result<String> {
    let body = json!({
        "name": "Welcome",
        "discount": { "type": "FIXED", "amount": { "amount": 1_000, "currency": "KRW" } },
        "scope": { "type": "ALL" },
        "totalQuantity": coupons,
    })
    .to_string();
    let request = format!(
        "POST /api/v1/coupons HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        stage.world.admin,
        body.len()
    );
    let mut connection = Connection::to(server.address);
    let answer = connection.exchange(request.as_bytes()).await?;
    let said = String::from_utf8_lossy(answer.body);
    ensure!(answer.status == 201, "a campaign was answered {}: {said}", answer.status);
    let body: Value = serde_json::from_slice(answer.body)?;
    Ok(body["id"].as_str().context("a campaign has an id")?.to_owned())
}
