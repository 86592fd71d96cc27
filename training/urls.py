from django.urls import path

from casework import converters  # noqa: F401  (registers case_number)
from training.web import claims, classes, enrolments, privacy, trainees

app_name = "training"
urlpatterns = [
    path("classes/", classes.classes, name="classes"),
    path("classes/new", classes.class_new, name="class_new"),
    path("classes/<int:pk>", classes.training_class, name="class"),
    path("classes/<int:pk>/edit", classes.class_edit, name="class_edit"),
    path("classes/<int:pk>/enrol", enrolments.enrol, name="enrol"),
    path("trainees/", trainees.trainees, name="trainees"),
    path("trainees/new", trainees.trainee_new, name="trainee_new"),
    path("trainees/<int:pk>", trainees.trainee, name="trainee"),
    path("trainees/<int:pk>/edit", trainees.trainee_edit, name="trainee_edit"),
    path("trainees/<int:pk>/reveal", privacy.reveal, name="trainee_reveal"),
    path("trainees/<int:pk>/data", privacy.data, name="trainee_data"),
    path("trainees/<int:pk>/export", privacy.export, name="trainee_export"),
    path("trainees/<int:pk>/erase", privacy.erase, name="trainee_erase"),
    path("trainees/<int:pk>/enrol", trainees.trainee_enrol, name="trainee_enrol"),
    path("employers/known", enrolments.employer, name="employer"),
    path("enrolments/<int:pk>", enrolments.enrolment, name="enrolment"),
    path("claims/new", claims.claim_new, name="claim_new"),
    path("claims/<case_number:number>", claims.claim, name="claim"),
    path("claims/<case_number:number>/eligible", claims.choose_eligible, name="choose_eligible"),
    path("claims/<case_number:number>/submit", claims.submit, name="submit"),
]
