//! What has happened in the demo shop.

use anyhow::{Context, bail};
use chrono::TimeDelta;
use jangteo_application::{
    ChargePoints, Fingerprint, GrantPoints, PayOrder, PlaceOrder, RequestMark, Verdict, submit,
};
use jangteo_order::{Order, OrderFilter, OrderQueries, RequestedItems};
use jangteo_payment::RequestedTenders;
use jangteo_point::PointQueries;
use jangteo_shared_kernel::{Limit, Money, PageRequest, Quantity, UserId};

use super::Demo;
use super::catalogue::{LAMP, MUG, SOAP, TEA};

impl Demo<'_> {
    /// Sees to it that the customer has points, and says how many entries are new.
    pub(super) async fn points(&self, user: UserId) -> anyhow::Result<usize> {
        let account =
            self.shop.storage.find_point_account(user).await?.context("the customer has no points")?;
        if account.sequence > 0 {
            return Ok(0);
        }
        let sources = self.days_ago(21);
        let (charge_points, grant_points) =
            (self.use_cases(&sources)?.charge_points, self.administration(&sources).grant_points);
        let amount = Money::new(500_000, self.settings.currency);
        let charge = ChargePoints { user, amount, mark: mark(user, "charge")? };
        accepted(submit(&self.shop.storage, &charge_points, &sources, charge).await?)?;
        let grant = GrantPoints {
            user,
            amount: Money::new(5_000, self.settings.currency),
            expires_at: self.shop.sources.now() + TimeDelta::days(60),
            reason: "환영합니다 (welcome)".to_owned(),
            mark: mark(user, "grant")?,
        };
        accepted(submit(&self.shop.storage, &grant_points, &sources, grant).await?)?;
        Ok(2)
    }

    /// Sees to it that the customer has ordered, and says how many orders are new.
    pub(super) async fn orders(&self, user: UserId) -> anyhow::Result<usize> {
        let filter = OrderFilter { user: Some(user), status: None };
        let page = PageRequest { limit: Limit::DEFAULT, after: None };
        if !self.shop.storage.list_orders(&filter, &page).await?.items.is_empty() {
            return Ok(0);
        }
        self.order(user, 14, "first", &[(MUG, 2), (TEA, 1)], true).await?;
        self.order(user, 5, "second", &[(LAMP, 3), (SOAP, 4)], true).await?;
        self.order(user, 0, "third", &[(TEA, 1)], false).await?;
        Ok(3)
    }

    async fn order(
        &self,
        user: UserId,
        days_ago: i64,
        name: &str,
        wanted: &[(&str, u32)],
        paid: bool,
    ) -> anyhow::Result<()> {
        let sources = self.days_ago(days_ago);
        let use_cases = self.use_cases(&sources)?;
        let mut items = Vec::new();
        for (product, quantity) in wanted {
            items.push((self.product(product).await?.id, Quantity::new(*quantity)?));
        }
        let place = PlaceOrder {
            user,
            items: RequestedItems::new(items)?,
            coupon: None,
            expected_total: None,
            mark: mark(user, &format!("order-{name}"))?,
        };
        let order: Order =
            accepted(submit(&self.shop.storage, &use_cases.place_order, &sources, place).await?)?;
        if paid {
            let mark = mark(user, &format!("payment-{name}"))?;
            let pay = PayOrder { user, order: order.id, tenders: RequestedTenders::AllPoints, mark };
            accepted(submit(&self.shop.storage, &use_cases.pay_order, &sources, pay).await?)?;
        }
        Ok(())
    }
}

/// The key keeps two runs at once from doing a step twice.
fn mark(user: UserId, step: &str) -> anyhow::Result<RequestMark> {
    Ok(RequestMark { user, key: format!("jangteo-demo-{step}").parse()?, fingerprint: Fingerprint([0; 32]) })
}

fn accepted<T, R: std::error::Error + Send + Sync + 'static>(verdict: Verdict<T, R>) -> anyhow::Result<T> {
    match verdict {
        Verdict::Accepted { outcome, .. } => Ok(outcome),
        Verdict::Replayed(_) | Verdict::KeyReused => bail!("another run of the demo is under way; try again"),
        Verdict::Refused(refusal) => Err(refusal.into()),
    }
}
