import re, time, pytest
from tests.i18n.conftest import Reader
LOGINS=["","enterprise","institution","initial","final","finance","policy","auditor"]
@pytest.mark.django_db
def test_probe(sample, typed):
    from accounts.models import User
    names=set(User.objects.values_list("username",flat=True)); print(names)
    for lang,pat in (("zh-hans",r"[A-Za-z]{2,}"),("en",r"[\u4e00-\u9fff]+")):
        for login in LOGINS:
            if login and login not in names: print("NO", login); continue
            t=time.monotonic()
            r=Reader(lang,login).walk("/", "/desk/", "/admin/", "/admin/registers/", "/accounts/login/","/accounts/signup/","/accounts/password/reset/","/accounts/2fa/","/accounts/email/","/accounts/password/change/")
            print("##",lang,login,len(r.seen),r.broken[:20],round(time.monotonic()-t,1))
            found={}
            for a,texts in r.seen.items():
                for x in texts:
                    w=[m for m in re.findall(pat,x) if m not in typed]
                    if w: found.setdefault((tuple(w),x[:160]),[]).append(a)
            for (w,x),aa in sorted(found.items(), key=lambda i:i[1][0]): print("   ",aa[0],len(aa),w[:8],'|',x)
