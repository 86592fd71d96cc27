"""The institutions' claims over their trainees, in every status.

The columns are those of `claims`. Their year is the year in which the sample is loaded: a training claim belongs to the
year of its filing.
"""

from nanchang_portal.sample.tables import table

CLAIMS = table(
    """
    key  | institution | class      | persons                       | path      | shows                                              | note
    hc14 | hongcheng   | HC-2014-02 | 35 36 37 38 39 40 41 42       | approved  | every trainee eligible                             |
    hc15 | hongcheng   | HC-2015-04 | 43 44 45 46 47 48             | rejected  | designation ended during the class: rejected       |
    qh15 | qihang      | QH-2014-09 | 1 2 3 4 5 6 7 8 9 10          | approved  | boundaries of the contract, certificate, education | 本批含异地就业学员2名。
    qhb5 | qihang      | QH-2015-03 | 11 12 13 14 16 17 18 19 20    | filed     | boundary of the training, documents                |
    jy15 | jianyi      | JY-2015-02 | 49 50 51 52                   | withdrawn | withdrawn                                          |
    jl15 | jianyi      | JY-2015-02 | 49 50                         | lapsed    | returned, not corrected in the term                |
    jy16 | jianyi      | JY-2015-09 | 53 54 55 56 57 58 9 16        | filed     | persons whom qihang registered too                 |
    qh16 | qihang      | QH-2016-03 | 25 26 27 28 29 30 31 32 33 34 | passed    | a class to an employer's order                     | 云平台运维定制班，订单企业录用9名。
    ql16 | qihang      | QH-2015-03 | 15                            | corrected | late contract, returned and filed again            | 该学员延期就业。
    jy17 | jianyi      | JY-2017-03 | 59 60 61                      | returned  | returned                                           |
    jp17 | jianyi      | JY-2017-03 | 62 63 64                      | proposed  | proposed for rejection                             |
    qd15 | qihang      | QH-2015-03 | 21 22 23                      | draft     | a draft                                            |
    """  # noqa: E501
)

REASONS = table(
    """
    claim | reason
    hc15  | 培训机构的指定于2015年6月30日到期，未覆盖整个培训期间，本次申报不予支持。
    ql16  | 请说明该学员培训结束一年后才签订合同的原因。
    jl15  | 两名学员的劳动合同关键页扫描不清，请重新上传。
    jy17  | 请补传学员郭静怡的考核合格证书编号后重新提交。
    jp17  | 一名学员使用台湾居民来往大陆通行证，请复审人员核定。
    """
)
