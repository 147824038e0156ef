import json,gzip,zipfile,csv,random
import os; os.chdir('/tmp/ux/f')
w=lambda n,b: open(n,'wb').write(b if isinstance(b,bytes) else b.encode())
w('empty.csv','')
w('hdr.csv','id,text,author,date\n')
w('nohdr.csv','1,Please bring back the hash browns all day,anna,2024-01-02\n2,I wish you had vegan nuggets,bob,2024-02-03\n3,The app crashes each time,carl,2024-03-04\n')
w('mixed.csv','id,text,author,date\n1,Café please add oat milk,José,2024-01-02\n'.encode()+'2,Café bitte Hafermilch für mich,Jürgen,2024-01-03\n'.encode('latin-1')+'3,가격을 낮춰주세요,민수,2024-01-03\n'.encode('cp949'))
w('quotes.csv','id,text,author,date\n1,"never closed please add breakfast,anna,2024-01-02\n2,ok text please add tacos,bob,2024-01-03\n3,"good one, add fries",carl,2024-01-04\n4,"a "broken" quote, I want soup",dora,2024-01-05\n')
w('big.csv','id,text,author,date\n1,"'+'please add breakfast all day. '*36000+'",anna,2024-01-02\n2,'+'x'*1000000+',bob,2024-01-03\n')
w('dup.csv','id,text,author,date\n7,please add breakfast all day,anna,2024-01-02\n7,I want spicy nuggets back,bob,2024-01-03\n7,please add breakfast all day,anna,2024-01-02\n8,same,c,2024-01-01\n')
w('ch1.csv','id,text,author,date\n1,please add breakfast all day,anna,2024-01-02\n2,I want spicy nuggets back,bob,2024-01-03\n')
w('ch2.csv','id,text,author,date\n1,please add breakfast all night,anna,2024-01-02\n2,I want spicy nuggets back,bob,2024-01-03\n3,bring back the mint shake,cy,2024-02-02\n')
html='''id,text,author,date,place,url
1,"<script>alert(1)</script> please add <b>vegan cheese</b> <img src=x onerror=alert(2)>","<script>alert('a')</script>",2024-01-02,"<i>Paris</i>",javascript:alert(1)
2,"Please add vegan cheese ""onmouseover=alert(3)"" </script><script>alert(4)</script>","Bob, ""the"" O'Neil, Jr.",2024-01-09,"<svg onload=alert(1)>","https://x.test/""><script>alert(5)</script>"
3,"Please add vegan cheese & {{7*7}} {% raw %} ${x}","=cmd|' /C calc'!A0",2024-01-16,"Paris, TX","http://x.test/a b"
4,"=HYPERLINK(""http://evil.test"",""x"") please add vegan cheese","+evil",2024-01-23,"@SUM(1)","data:text/html,<script>alert(1)</script>"
5,"I want vegan cheese -- please </textarea>]]><!--","-1+1",2024-01-30,Oslo,
'''
w('html.csv',html)
w('uni.csv','id,text,author,date\n1,아침 메뉴를 하루 종일 팔아 주세요,김철수,2024-01-02\n2,ขอให้มีอาหารเช้าทั้งวัน,สมชาย,2024-01-03\n3,😀👨‍👩‍👧‍👦 please add 🍔 all day 🙏🏽,😀,2024-01-04\n4,أرجو إضافة الإفطار طوال اليوم \u202e evil,محمد,2024-01-05\n5,朝食を一日中お願いします,田中,2024-01-06\n6,"\u200b\u200b\ufeff",z,2024-01-06\n7,é\u0301\u0301\u0301 please add zalgo,q,2024-01-07\n')
w('nodate.csv','id,text,author\n1,please add breakfast all day,anna\n2,I want breakfast all day,bob\n')
w('future.csv','id,text,author,date\n1,please add breakfast all day,anna,2999-01-02\n2,I want breakfast all day,bob,1066-01-01\n3,I want breakfast all day,bo,0000-00-00\n4,I want all day breakfast,bo2,99999999999999999999\n5,I want soup,bo3,2026-11-25\n')
w('nul.csv',b'id,text,author,date\n1,please\x00 add breakfast,anna,2024-01-02\n2,ok\x00,bob,2024-01-03\n')
w('bin.csv',os.urandom(5000)); w('bin.parquet',os.urandom(500)); w('bin.xlsx',os.urandom(500)); w('bin.gz',os.urandom(500)); w('bin.csv.gz',os.urandom(500)); w('bin.zip',os.urandom(500)); w('bin.csv.zst',os.urandom(500)); w('x.weird','id,text\n1,please add x\n'); w('noext','id,text\n1,please add x\n')
w('utf16.csv','id,text,author,date\n1,please add café,anna,2024-01-02\n'.encode('utf-16'))
g=gzip.compress(html.encode()); w('trunc.csv.gz',g[:len(g)//2])
w('bad.json','{"a": [1,2'); w('scalar.json','5'); w('empty.json','[]'); w('nulls.json','[null,1,"x",{"id":1,"text":"please add x"},{"id":2,"text":null},{"id":[1],"text":{"a":1}}]')
w('deep.json','['*100000+']'*100000)
w('sur.jsonl','{"id":1,"text":"please \\ud83d add breakfast","author":"a\\ud800","date":"2024-01-01"}\n{"id":2,"text":NaN}\n{"id":1e400,"text":"please add infinity","author":"b","date":"2024-01-01"}\n{"id":3,"text":"please add x\\u0000y","author":"a","date":1e308}\n')
w('deep.jsonl','{"id":1,"text":"ok please add x"}\n'+'{"a":'*5000+'1'+'}'*5000+'\n')
w('bigint.jsonl','{"id":'+'9'*5000+',"text":"please add tacos"}\n{"id":2,"text":"please add tea","likes":'+'9'*400+',"date":'+'9'*400+'}\n{"id":3,"text":"please add tea","likes":-5,"rating":-3}\n')
w('survey.csv','respondent,What should we improve?,Any other wishes?,age\n1,please add breakfast all day,more parking please,33\n2,cheaper coffee,,44\n3,,,\n')
with zipfile.ZipFile('multi.zip','w') as z:
  z.writestr('a.csv','id,text\n1,please add breakfast\n'); z.writestr('b/b.jsonl','{"id":1,"text":"please add tea"}\n'); z.writestr('../evil.csv','id,text,author\n5,please add evil,x\n'); z.writestr('readme.md','hi'); z.writestr('c.zip',b'PK'); z.writestr('broken.json','{')
with zipfile.ZipFile('ezip.zip','w') as z: pass
w('many.csv','id,text,author,date\n'+''.join(f'{i},please add breakfast item number {i} all day,u{i},2024-0{1+i%9}-02\n' for i in range(30000)))
w('dupcol.csv','id,text,text,author\n1,please add a,please add b,x\n')
w('blank.csv','\n\n\n'); w('cr.csv','id,text\r1,please add a\r2,please add b\r'); w('ragged.csv','id,text,author\n1\n2,a,b,c,d\n3,please add tea,x\n')
