//! Which days a ranking is about.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use jangteo_shared_kernel::{BusinessZone, Timestamp, Window};

/// How many of a weekday a ranking looks back on.
const WEEKDAYS: u64 = 8;

/// What a ranking is asked for. A complete day is one that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RankingWindow {
    /// The business day that has begun.
    Today,
    /// A business day.
    Date(NaiveDate),
    /// The last 3 complete days.
    Last3Days,
    /// The last 7 complete days.
    Last7Days,
    /// The last 30 complete days.
    Last30Days,
    /// The ISO week, Monday to Sunday, that the date lies in.
    Week(NaiveDate),
    /// The calendar month that the date lies in.
    Month(NaiveDate),
    /// The last 8 complete days of this name.
    Weekday(Weekday),
}

/// The days that a ranking is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RankingPeriod {
    /// The business days. Those of a weekday have gaps between them.
    pub days: BTreeSet<NaiveDate>,
    /// The first instant of the first day.
    pub from: Timestamp,
    /// The first instant after the last day.
    pub until: Timestamp,
}

impl RankingWindow {
    /// The days of the window, on a business day. `None` at the ends of the calendar.
    #[must_use]
    pub fn period(self, today: NaiveDate, zone: BusinessZone) -> Option<RankingPeriod> {
        let last = |days| zone.window(today.checked_sub_days(Days::new(days))?, today);
        let span = match self {
            Self::Today => zone.day(today),
            Self::Date(date) => zone.day(date),
            Self::Last3Days => last(3),
            Self::Last7Days => last(7),
            Self::Last30Days => last(30),
            Self::Week(date) => zone.iso_week(date),
            Self::Month(date) => zone.month(date),
            Self::Weekday(weekday) => return last_of(weekday, today, zone),
        };
        let Window { from, until } = span?;
        Some(RankingPeriod { days: zone.days_in(Window { from, until }).collect(), from, until })
    }
}

fn last_of(weekday: Weekday, today: NaiveDate, zone: BusinessZone) -> Option<RankingPeriod> {
    // One to seven days ago: today is not complete.
    let ago = 1 + (today.weekday().num_days_from_monday() + 6 - weekday.num_days_from_monday()) % 7;
    let last = today.checked_sub_days(Days::new(ago.into()))?;
    let days = (0..WEEKDAYS).map(|weeks| last.checked_sub_days(Days::new(7 * weeks)));
    let days = days.collect::<Option<BTreeSet<NaiveDate>>>()?;
    let from = zone.day(*days.first()?)?.from;
    Some(RankingPeriod { days, from, until: zone.day(last)?.until })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::RankingWindow as W;
    use super::*;

    const SEOUL: BusinessZone = BusinessZone::SEOUL;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// First and last day, how many there are, and the bounds.
    fn told(window: RankingWindow, today: &str) -> (String, String, usize, String) {
        let period = window.period(date(today), SEOUL).unwrap();
        let [first, last] = [period.days.first(), period.days.last()].map(|day| day.unwrap().to_string());
        let bounds = format!("{}/{}", period.from.format("%dT%H"), period.until.format("%dT%H"));
        (first, last, period.days.len(), bounds)
    }

    /// Hard case 14: a sale at 23:59:59.999 on Sunday in Seoul.
    #[test]
    fn hard_case_14_a_millisecond_decides_the_week() {
        let last = instant("2026-11-22T14:59:59.999Z");
        let next = last + TimeDelta::milliseconds(1);
        let (sunday, monday) = (SEOUL.day_of(last), SEOUL.day_of(next));
        let week = |day| RankingWindow::Week(day).period(monday, SEOUL).unwrap();
        let (before, after) = (week(sunday), week(monday));
        assert_eq!(before.days.last(), Some(&sunday));
        assert_eq!(after.days.first(), Some(&monday));
        assert_eq!((before.until, after.from), (next, next));
        assert!(before.days.is_disjoint(&after.days));
    }

    #[test]
    fn a_window_is_the_days_that_it_says() {
        let wednesday = "2026-11-25";
        let told = |window| told(window, wednesday);
        let text = |first: &str, last: &str, days, bounds: &str| {
            (first.to_owned(), last.to_owned(), days, bounds.to_owned())
        };
        assert_eq!(told(W::Today), text(wednesday, wednesday, 1, "24T15/25T15"));
        assert_eq!(told(W::Date(date("2026-02-28"))), text("2026-02-28", "2026-02-28", 1, "27T15/28T15"));
        assert_eq!(told(W::Last3Days), text("2026-11-22", "2026-11-24", 3, "21T15/24T15"));
        assert_eq!(told(W::Last7Days), text("2026-11-18", "2026-11-24", 7, "17T15/24T15"));
        assert_eq!(told(W::Last30Days), text("2026-10-26", "2026-11-24", 30, "25T15/24T15"));
        assert_eq!(told(W::Week(date(wednesday))), text("2026-11-23", "2026-11-29", 7, "22T15/29T15"));
        assert_eq!(told(W::Month(date("2028-02-29"))), text("2028-02-01", "2028-02-29", 29, "31T15/29T15"));
    }

    #[test]
    fn a_weekday_is_the_last_eight_complete_ones() {
        let last = |weekday| {
            let period = RankingWindow::Weekday(weekday).period(date("2026-11-25"), SEOUL).unwrap();
            assert_eq!(period.days.len(), 8);
            assert!(period.days.iter().all(|day| day.weekday() == weekday));
            assert_eq!(period.from, SEOUL.day(*period.days.first().unwrap()).unwrap().from);
            assert_eq!(period.until, SEOUL.day(*period.days.last().unwrap()).unwrap().until);
            period.days.last().unwrap().to_string()
        };
        assert_eq!(last(Weekday::Tue), "2026-11-24");
        // It is a Wednesday, and that is not over.
        assert_eq!(last(Weekday::Wed), "2026-11-18");
        assert_eq!(last(Weekday::Thu), "2026-11-19");
        assert_eq!(last(Weekday::Sun), "2026-11-22");
    }

    #[test]
    fn the_ends_of_the_calendar_have_no_window() {
        for window in [RankingWindow::Last3Days, RankingWindow::Weekday(Weekday::Mon)] {
            assert_eq!(window.period(NaiveDate::MIN, SEOUL), None);
        }
        assert_eq!(RankingWindow::Date(NaiveDate::MAX).period(NaiveDate::MIN, SEOUL), None);
    }

    proptest! {
        #[test]
        fn a_period_is_its_days_and_no_others(
            days in -100_000_i32..800_000,
            name in prop::sample::select(vec!["Asia/Seoul", "Asia/Beirut", "Pacific/Apia", "UTC"]),
            weekday in 0_u8..7,
        ) {
            let zone: BusinessZone = name.parse().unwrap();
            let today = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
                let weekday = W::Weekday(Weekday::try_from(weekday).unwrap());
            for window in [W::Today, W::Last3Days, W::Last7Days, W::Last30Days, W::Week(today), W::Month(today), weekday] {
                let period = window.period(today, zone).unwrap();
                for day in &period.days {
                    let whole = zone.day(*day).unwrap();
                    prop_assert!(period.from <= whole.from && whole.until <= period.until);
                }
                // Only those of a weekday leave days out.
                if window != weekday {
                    let whole: TimeDelta = period.days.iter().map(|day| zone.day(*day).unwrap()).map(|day| day.until - day.from).sum();
                    prop_assert_eq!(whole, period.until - period.from);
                }
                let complete = !matches!(window, W::Today | W::Week(_) | W::Month(_));
                prop_assert!(!complete || period.days.iter().all(|day| *day < today));
            }
        }
    }
}
