//! Refunds, each compared with its preview, and the job that writes off points.

use jangteo_application::{
    Caller, CancelPayment, CancelPayments, RefundPayment, RefundPayments, Verdict, expire_due_points,
    preview_refund,
};
use jangteo_refund::{RequestedItem, RequestedRefund};
use jangteo_shared_kernel::PaymentId;
use jangteo_user::Role;

use super::{Shop, decided, render};
use crate::Storage;
use crate::fixtures::units as quantity;
use crate::model::step::{By, Units};
use crate::model::{Answered, refusals};

impl<S: Storage> Shop<S> {
    pub(super) async fn refund(
        &mut self,
        request: usize,
        by: By,
        order: usize,
        units: Option<&[Units]>,
    ) -> Answered {
        let (caller, payment) = (self.caller(by), self.payment_of(order).await);
        let items = match units {
            None => RequestedRefund::Everything,
            Some(units) => self.items(order, units).await,
        };
        let preview = decided(preview_refund(&self.storage, caller, payment, &items).await);
        let (reason, mark) = ("not needed".parse().expect("a reason"), self.requests[request].mark.clone());
        let command = RefundPayment { caller, payment, items, reason, mark };
        let verdict = self.run(&RefundPayments { sources: self.sources(), render }, command).await;
        match &verdict {
            Verdict::Accepted { outcome, .. } => {
                let plan = preview.expect("what is refunded can be previewed");
                let made = (&outcome.items, &outcome.tenders, outcome.amount);
                assert_eq!(made, (&plan.items, &plan.tenders, plan.amount), "the refund is its preview");
            }
            Verdict::Refused(refusal) => assert_eq!(preview, Err(*refusal), "the refusal is its preview's"),
            // A preview looks at what is left now.
            Verdict::Replayed(_) | Verdict::KeyReused => {}
        }
        self.answered(request, verdict, refusals::refund, |_, _| ())
    }

    pub(super) async fn cancel_payment(&mut self, request: usize, by: By, order: usize) -> Answered {
        let (caller, payment) = (self.caller(by), self.payment_of(order).await);
        let command = CancelPayment { caller, payment, mark: self.requests[request].mark.clone() };
        let verdict = self.run(&CancelPayments { sources: self.sources(), render }, command).await;
        self.answered(request, verdict, refusals::cancel_payment, |_, _| ())
    }

    /// Each lot that has expired is written off, once.
    pub(super) async fn expire_points(&self) -> Answered {
        let (now, mut due) = (self.fixtures.now(), 0);
        for user in &self.users {
            let account = decided(self.storage.find_point_account(*user).await).expect("an account");
            due += account.lots.iter().filter(|lot| !lot.is_live(now)).count() as u64;
        }
        let expired = decided(expire_due_points(&self.storage, &self.sources()).await);
        assert_eq!(expired, due, "lots that were written off");
        Answered::Done
    }

    fn caller(&self, by: By) -> Caller {
        match by {
            By::User(user) => Caller { user: self.users[user], role: Role::Customer },
            By::Admin => Caller { user: self.fixtures.id(), role: Role::Admin },
        }
    }

    /// The payment of an order, or one that nobody has made.
    async fn payment_of(&self, order: usize) -> PaymentId {
        let payments = decided(self.storage.payments_of_order(self.orders[order]).await);
        payments.first().map_or_else(|| self.fixtures.id(), |payment| payment.id)
    }

    async fn items(&self, order: usize, units: &[Units]) -> RequestedRefund {
        let order = decided(self.storage.find_order(self.orders[order]).await).expect("an order");
        let item = |units: &Units| RequestedItem {
            line: order.lines.get(units.line).map_or_else(|| self.fixtures.id(), |line| line.id),
            quantity: quantity(units.quantity),
            restock: units.restock,
        };
        RequestedRefund::these(units.iter().map(item).collect()).expect("a few units")
    }
}
