//! The name that a misspelt one stands for.

/// The known name that is nearest to a name: equal but for case, or few letters away.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_ascii_lowercase();
    let length = name.chars().count();
    // Names whose lengths differ by more than the letters that may differ are not compared.
    let allowed = |known: &str| {
        let other = known.chars().count();
        let most = length.min(other) / 3;
        (length.abs_diff(other) <= most).then_some(most)
    };
    let near = known.into_iter().filter_map(|known| {
        let most = allowed(known)?;
        let letters = distance(&lower, &known.to_ascii_lowercase());
        Some((letters, letters <= most, known))
    });
    let (_, is_near, found) = near.min_by_key(|(letters, ..)| *letters)?;
    (is_near && name != found).then_some(found)
}

/// Letters that were inserted, left out, replaced, or exchanged with the next one.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&last, j) + usize::from(x != *y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if j > 0 && previous == Some(*y) && b.get(j - 1) == Some(&x) {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        (before, last) = (last, row);
        previous = Some(x);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_name_is_found_and_another_one_is_not() {
        let methods = ["get", "list", "create", "update", "delete", "read", "write"];
        let found =
            ["raed", "wirte", "Read", "creat", "updates", "edit", "all", "", "read"].map(|n| nearest(n, methods));
        assert_eq!(
            found,
            [Some("read"), Some("write"), Some("read"), Some("create"), Some("update"), None, None, None, None]
        );
        assert_eq!(nearest("cloud.firestroe", ["cloud.firestore", "firebase.storage"]), Some("cloud.firestore"));
    }
}
