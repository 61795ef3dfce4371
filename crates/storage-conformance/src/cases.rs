//! What a storage must do, case by case.

mod audit;
mod campaigns;
mod contention;
mod coupons;
mod idempotency;
mod leases;
mod orders;
mod outbox;
mod payments;
mod points;
mod popular;
mod products;
mod refunds;
mod sales;
mod sealed_accounts;
mod sessions;
mod transactions;
mod undelivered;
mod users;

use crate::{Case, Storage};

/// Lists cases by module, each under its own name.
macro_rules! cases {
    ($($module:ident: $($case:ident),+ $(,)?;)+) => {
        vec![$($(Case::new(
            concat!(stringify!($module), "::", stringify!($case)),
            |storage| Box::pin($module::$case(storage)),
        )),+),+]
    };
}

#[expect(clippy::too_many_lines, reason = "a list of every case, one a line")]
pub(crate) fn all<S: Storage>() -> Vec<Case<S>> {
    cases! {
        transactions:
            a_commit_shows_everything_and_nothing_is_seen_before,
            a_transaction_sees_its_own_writes,
            a_rollback_undoes_everything,
            a_dropped_transaction_undoes_everything_and_frees_its_locks,
            a_failed_piece_of_work_is_undone,
            nothing_at_all_can_be_locked_saved_and_committed,
            who_waited_for_a_rollback_sees_nothing_of_it,
            who_gives_up_waiting_leaves_nothing_locked;
        users:
            an_account_reads_back_as_it_was_written,
            leaves_out_unknown_accounts,
            finds_living_accounts_by_a_set_of_addresses,
            refuses_a_second_living_account_with_an_address,
            refuses_two_living_accounts_with_an_address_in_one_set,
            refuses_a_second_account_under_an_id,
            of_registrations_with_one_address_at_once_one_wins,
            saves_accounts_as_they_are_now,
            a_deleted_account_is_known_and_holds_nothing,
            the_address_of_a_deleted_account_is_free_again,
            an_address_is_given_up_and_taken_in_one_transaction,
            a_lock_on_an_account_waits_and_sees_what_was_committed,
            lists_living_accounts_newest_first_and_each_once,
            a_page_begins_where_the_last_one_ended,
            one_taken_address_refuses_the_whole_set;
        sealed_accounts:
            living_accounts_come_by_their_ids_page_by_page,
            an_account_that_is_sealed_again_reads_back_as_it_was,
            whoever_edits_while_accounts_are_sealed_again_loses_nothing;
        sessions:
            a_log_in_reads_back_as_it_was_written,
            leaves_out_unknown_log_ins,
            refuses_a_second_log_in_under_an_id,
            saves_rotations_and_ends,
            locks_the_open_log_ins_of_users_in_ascending_id,
            a_log_in_that_ended_while_we_waited_is_not_open,
            a_token_is_rotated_once,
            a_session_stands_only_while_account_and_log_in_do,
            a_log_out_acts_at_once;
        products:
            a_product_reads_back_as_it_was_written,
            leaves_out_unknown_products,
            refuses_a_second_product_under_an_id,
            saving_the_catalogue_leaves_the_stock_alone_and_the_reverse,
            a_renamed_product_is_listed_under_its_new_name,
            takes_adjustments_and_refuses_a_second_under_an_id,
            a_lock_on_a_product_waits_and_sees_what_was_committed,
            a_locked_product_can_be_locked_again,
            a_lock_reads_again_what_was_read_before,
            lists_products_in_every_order_and_each_once,
            finds_products_by_the_beginning_of_their_name,
            a_position_of_another_order_is_the_start_of_the_list,
            a_page_begins_where_the_last_one_ended_whatever_became_of_the_product;
        orders:
            an_order_reads_back_as_it_was_written_in_every_state,
            amounts_counts_and_names_of_an_order_are_kept_exactly,
            lines_come_in_the_order_of_their_numbers,
            any_order_reads_back_as_it_was_written,
            leaves_out_unknown_orders,
            refuses_a_second_order_under_an_id,
            saving_a_state_changes_state_and_version_only,
            saving_returned_units_changes_their_counts_only,
            refuses_more_returned_units_than_there_are,
            finds_the_unpaid_orders_of_users,
            locks_the_orders_that_are_due_the_longest_due_first,
            a_due_order_that_somebody_pays_meanwhile_is_left_to_them,
            lists_orders_newest_first_and_each_once,
            an_order_past_its_time_is_listed_as_unpaid,
            a_lock_on_an_order_waits_and_sees_what_was_committed,
            of_paying_and_cancelling_at_once_one_wins;
        payments:
            a_payment_reads_back_as_it_was_written,
            a_payment_in_another_currency_reads_back,
            shares_come_in_the_order_of_the_lines,
            a_history_reads_back_in_sequence,
            an_unknown_payment_is_none,
            the_payments_of_an_order_come_newest_first,
            refuses_the_second_payment_that_settles_an_order,
            refuses_a_second_payment_under_an_id,
            of_payments_that_settle_an_order_at_once_one_wins,
            refuses_to_give_back_more_than_was_taken,
            finds_the_orders_of_payments,
            saving_what_was_given_back_changes_nothing_else,
            what_is_given_back_in_a_large_set_is_kept,
            refuses_to_save_more_given_back_than_was_taken,
            refuses_a_second_event_of_a_sequence,
            a_lock_on_a_payment_waits_and_sees_what_was_committed;
        refunds:
            a_refund_reads_back_as_it_was_written,
            an_unknown_refund_is_none,
            refuses_a_second_refund_under_an_id,
            lists_the_refunds_of_a_payment_newest_first_and_each_once,
            takes_a_large_set_of_refunds;
        points:
            an_account_opens_with_nothing,
            leaves_out_users_without_an_account,
            refuses_a_second_account_of_a_user,
            charges_and_grants_bring_lots_in,
            the_largest_balance_is_kept,
            a_lot_with_nothing_left_is_gone_from_the_account,
            many_movements_of_a_lot_in_one_set_add_up,
            one_set_changes_many_accounts,
            whatever_happens_points_are_conserved,
            a_history_is_listed_newest_first_for_its_user_only,
            what_a_payment_took_reads_back_in_the_order_of_spending,
            finds_what_a_set_of_payments_took,
            refunds_in_part_give_the_lots_back_what_was_taken,
            points_of_expired_lots_come_back_in_new_ones,
            giving_back_at_once_never_exceeds_what_was_taken,
            locks_the_accounts_with_lots_that_are_due,
            locks_none_of_the_accounts_that_are_due_if_none_are_wanted,
            a_due_account_that_somebody_uses_meanwhile_is_left_to_them,
            refuses_a_second_entry_of_a_sequence,
            refuses_a_balance_below_zero,
            refuses_a_lot_below_zero_or_above_its_amount,
            a_lock_on_an_account_waits_and_sees_what_was_committed,
            of_accounts_opened_for_a_user_at_once_one_wins,
            spending_at_once_never_overdraws;
        campaigns:
            a_campaign_reads_back_as_it_was_written,
            any_campaign_reads_back_as_it_was_written,
            leaves_out_unknown_campaigns,
            a_transaction_sees_its_own_campaigns,
            refuses_a_second_campaign_under_an_id,
            saving_what_is_claimed_changes_nothing_else,
            refuses_more_claims_than_there_are_coupons,
            what_is_claimed_is_told_once_it_is_committed,
            a_lock_on_a_campaign_waits_and_sees_what_was_committed,
            lists_campaigns_newest_first_and_each_once,
            a_page_begins_where_the_last_one_ended,
            of_claims_at_once_exactly_all_coupons_are_issued;
        coupons:
            a_coupon_reads_back_as_it_was_written,
            leaves_out_unknown_coupons,
            refuses_a_second_coupon_under_an_id,
            refuses_a_second_coupon_of_a_sequence,
            refuses_a_second_coupon_of_a_number_for_its_user,
            of_coupons_in_one_place_at_once_one_wins,
            counts_the_claims_of_users_used_and_expired_ones_included,
            a_count_is_as_of_after_the_lock,
            saving_a_use_changes_use_and_version_only,
            a_lock_on_a_coupon_waits_and_sees_what_was_committed,
            of_orders_that_use_a_coupon_at_once_one_wins,
            lists_coupons_newest_first_and_each_once_by_their_status_at_the_time,
            a_page_begins_where_the_last_one_ended_whatever_became_of_the_coupon,
            a_large_set_is_claimed_counted_used_and_given_back;
        idempotency:
            an_answer_reads_back_to_the_byte,
            keys_differ_by_every_character,
            an_answer_is_found_outside_a_transaction_once_it_is_committed,
            finds_only_the_pairs_that_were_asked_for,
            finds_a_large_set_of_answers,
            refuses_a_second_answer_under_a_key,
            of_answers_under_a_key_at_once_one_wins,
            deletes_only_what_is_older_than_the_cutoff,
            deletes_at_most_so_many_answers,
            a_deletion_that_is_rolled_back_deletes_nothing,
            deleting_at_once_is_safe;
        outbox:
            takes_events_of_every_kind,
            takes_a_large_set_of_events,
            refuses_a_second_event_under_an_id,
            an_event_that_was_rolled_back_can_be_told_later;
        audit:
            an_empty_storage_adds_up,
            what_came_in_and_is_there_adds_up,
            what_does_not_add_up_is_named;
        undelivered:
            an_event_reads_back_as_it_was_told,
            events_come_by_aggregate_and_version_whatever_their_ids,
            a_page_begins_behind_an_aggregate_and_has_an_end,
            page_by_page_every_aggregate_is_met,
            the_last_position_is_that_of_the_last_aggregate,
            an_event_is_there_once_it_is_committed,
            a_delivered_event_is_gone,
            a_deletion_of_events_that_is_rolled_back_deletes_nothing,
            deleting_events_at_once_is_safe,
            versions_come_without_a_gap_while_they_are_told;
        leases:
            a_lease_reads_back_as_it_was_written,
            nobody_has_held_a_lease_at_first,
            refuses_a_second_lease_of_a_name,
            of_leases_taken_at_once_one_wins,
            a_lock_on_a_lease_waits_and_sees_what_was_committed,
            a_lease_that_is_rolled_back_was_not_given;
        sales:
            a_sale_reads_back_as_it_was_written,
            sales_come_as_they_were_noted_and_go_once_they_are_counted,
            refuses_a_second_sale_under_a_key,
            a_sale_that_is_rolled_back_was_never_noted,
            a_roll_up_reads_back_as_it_was_written,
            roll_ups_are_saved_where_they_are,
            roll_ups_take_the_place_of_others,
            roll_ups_that_are_rolled_back_stay_as_they_were,
            what_has_to_be_counted_is_what_was_paid_less_what_is_uncounted,
            sales_are_counted_once_whoever_counts,
            a_rebuild_changes_nothing_while_sales_are_noted_and_counted;
        popular:
            places_follow_units_then_revenue_then_the_id,
            only_what_is_on_sale_and_sells_has_a_place,
            only_the_days_and_the_currency_that_are_asked_for_count,
            a_ranking_is_as_of_the_oldest_sale_that_is_uncounted;
        contention:
            never_sells_more_than_there_is,
            large_sets_are_locked_without_a_deadlock,
            crossing_sets_lose_no_update_and_never_deadlock,
            a_set_is_seen_whole_or_not_at_all;
    }
}
