use super::*;

fn morph(look: f32) -> Question {
    Question::Morph {
        a: FaceId(0),
        b: FaceId(1),
        look,
        pose: 0.0,
    }
}

#[test]
fn new_questions_come_once_and_old_ones_when_the_network_has_changed() {
    let mut studio = Studio::default();
    let views = Question::Views { faces: 2 };
    studio.watch(vec![morph(0.1), views.clone()]);
    assert_eq!(studio.next_new(0), Some(morph(0.1)));
    assert_eq!(studio.next_new(0), Some(views.clone()));
    assert_eq!(studio.next_new(0), None);
    // Both are due after the next step, one after the other, once.
    assert_eq!(studio.next_due(1), Some(morph(0.1)));
    assert_eq!(studio.next_due(1), Some(views.clone()));
    assert_eq!(studio.next_due(1), None);
    // A trainer that waits has time for all that is old, and then for nothing.
    assert_eq!(studio.next_stale(1), None);
    assert_eq!(studio.next_stale(2), Some(morph(0.1)));
    assert_eq!(studio.next_stale(2), Some(views.clone()));
    assert_eq!(studio.next_stale(2), None);
    // A moved slider replaces the question; the other one is not new.
    studio.watch(vec![views.clone(), morph(0.2)]);
    assert_eq!(studio.next_new(0), Some(morph(0.2)));
    assert_eq!(studio.next_new(0), None);
}

#[test]
fn answering_again_takes_no_more_than_its_share() {
    let mut studio = Studio::default();
    studio.watch(vec![Question::Views { faces: 1 }]);
    studio.next_new(0);
    studio.since = Instant::now() - Duration::from_secs(10);
    studio.spent = Duration::from_millis(150);
    assert!(studio.next_due(1).is_some(), "1.5 % are spent");
    studio.spent = Duration::from_millis(250);
    assert!(studio.next_due(2).is_none(), "2.5 % are spent");
}

#[test]
fn a_new_photo_makes_its_questions_new() {
    let mut studio = Studio::default();
    let photo = FaceId(FaceId::FIRST_PHOTO);
    let about = Question::Faces { faces: vec![photo] };
    studio.watch(vec![about.clone(), morph(0.5)]);
    studio.next_new(0);
    studio.next_new(0);
    let mut pixels = vec![0; 3 * SIDE_PX * SIDE_PX];
    pixels[4] = 255;
    studio.add_face(&NewFace { id: photo, pixels });
    assert_eq!(studio.next_new(0), Some(about));
    assert_eq!(studio.next_new(0), None);
    // Bytes are interleaved, planes are not: green of the second pixel.
    let planes = &studio.photos[&photo];
    let at = planes.iter().position(|value| *value > 0.0);
    assert_eq!(at, Some(SIDE_PX * SIDE_PX + 1));
}
